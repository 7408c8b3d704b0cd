"""Two keys are equal if and only if code and inputs are: elements, dtype, shape, bytes, media by content."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.serving.cached import DIGEST, IMAGE, PNG, TEXT, flow, segment, texts

from headrace_dags.graph import PortType
from headrace_serving.cache.keys import keys_of
from headrace_serving.failure import TaskFailure
from headrace_serving.objects.contract import Reference
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import ABSENT, LOST, PRESENT

VECTOR = PortType(kind="embedding", dtype="float32", axes=("d",))
quick = settings(max_examples=150, deadline=None)
dtypes = st.sampled_from(["uint8", "int8", "int32", "float32", "bool"])
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=2))
)
words = st.lists(st.binary(max_size=3), max_size=4)


def key(tensor: Tensor, wire: str = "text", kind: PortType = TEXT, *, optional: bool = False) -> str:
    given = flow("x", wire, kind, many=True, optional=optional)  # type: ignore[arg-type]
    (found,) = keys_of(segment((given,)), {"x": tensor})
    return found


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@given(arrays, arrays)
@quick
def test_arrays_by_elements_dtype_and_shape(a: np.ndarray, b: np.ndarray) -> None:
    assert (key(Tensor(a), "tensor", VECTOR) == key(Tensor(b), "tensor", VECTOR)) == same(a, b)
    assert key(Tensor(a), "tensor", VECTOR) == key(Tensor(np.asfortranarray(a)), "tensor", VECTOR)


@given(words, words)
@quick
def test_bytes_by_items(a: list[bytes], b: list[bytes]) -> None:
    assert (key(Tensor.of_bytes(a)) == key(Tensor.of_bytes(b))) == (a == b)


@given(words, words, st.integers(0, 3))
@quick
def test_each_item_has_a_key_of_its_own_and_of_what_all_share(
    axis: list[bytes], shared: list[bytes], place: int
) -> None:
    kind = segment((flow("x", many=True), flow("z", many=True)), mapped=("x",))
    found = keys_of(kind, {"x": Tensor.of_bytes(axis), "z": Tensor.of_bytes(shared)})
    assert len(found) == len(axis)
    assert {(a == b) == (axis[i] == axis[j]) for i, a in enumerate(found) for j, b in enumerate(found)} <= {True}
    other = keys_of(kind, {"x": Tensor.of_bytes(axis), "z": Tensor.of_bytes([*shared, b"more"])})
    assert not set(found) & set(other)
    assert found[place : place + 1] == keys_of(
        kind, {"x": Tensor.of_bytes(axis[place : place + 1]), "z": Tensor.of_bytes(shared)}
    )


@given(st.lists(st.binary(max_size=3), min_size=2, max_size=2), st.lists(st.binary(max_size=3), min_size=2, max_size=2))
@quick
def test_a_value_does_not_run_over_into_the_next(a: list[bytes], b: list[bytes]) -> None:
    kind = segment((flow("x"), flow("z")))
    keys = [keys_of(kind, {"x": Tensor.of_bytes(each[:1]), "z": Tensor.of_bytes(each[1:])}) for each in (a, b)]
    assert (keys[0] == keys[1]) == (a == b)


def reference(run: str, sha256: str = "a" * 64, media_type: str = "image/png") -> Tensor:
    made = Reference(key=f"local/{run}/{sha256}", sha256=sha256, size=7, media_type=media_type)
    return Tensor.of_bytes([made.model_dump_json().encode()])


def test_media_by_content_wherever_they_lie() -> None:
    assert key(reference("one"), "handle", PNG) == key(reference("two"), "handle", PNG)
    assert key(reference("one"), "handle", PNG) != key(reference("one", "b" * 64), "handle", PNG)
    assert key(reference("one"), "handle", PNG) != key(reference("one", media_type="image/jpeg"), "handle", PNG)
    assert key(reference("one"), "png", IMAGE) == key(reference("two"), "png", IMAGE)
    assert key(reference("one")) != key(reference("two")), "a text may look like a reference, and is a text"


def test_an_item_that_was_lost_is_as_absent_as_one_that_never_was() -> None:
    lost = LOST + TaskFailure(kind="step", message="in one of many ways").model_dump_json().encode()
    assert key(Tensor.of_bytes([ABSENT]), optional=True) == key(Tensor.of_bytes([lost]), optional=True)
    assert key(Tensor.of_bytes([ABSENT]), optional=True) != key(Tensor.of_bytes([PRESENT]), optional=True)


def test_another_digest_of_the_segment_is_another_key() -> None:
    given = {"x": texts("a")}
    assert keys_of(segment(), given) == keys_of(segment(digest=DIGEST), given)
    assert keys_of(segment(), given) != keys_of(segment(digest="e" * 64), given)


def test_the_same_on_any_machine() -> None:
    kind = segment((flow("x", many=True), flow("z", "tensor", VECTOR)), mapped=("x",))
    vector = Tensor(np.arange(3, dtype=np.float32).reshape(1, 3))
    assert keys_of(kind, {"x": texts("a", "ü"), "z": vector}) == [
        "1e94885fd5ee2ee9c4789d8c241054b7921a2f2a511cf9de80c87e172b0ffaed",
        "5c090ae8420a2aa1b7cb6fe0ac3269c2c9049110e048601f99c03533316143dc",
    ]
