"""A remote step against a real server: its values over gRPC and REST, and what it says where the peer is not as declared."""

from typing import Annotated

import numpy as np
import pytest
from tests.peers import Model, triton_peer

import headrace as hr
from headrace_dags.errors import HeadraceError

Ints = Annotated[np.ndarray[tuple[int], np.dtype[np.int32]], hr.Layout("tensor", "n=1")]
Floats = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("tensor", "n=1")]
INT = "data_type: TYPE_INT32 dims: [1]"


@hr.remote("${PEER_URL}/v2/models/one")
def add_one(x: Ints) -> Ints: ...


@hr.remote("${PEER_URL}/v2/models/one")
def add_float(x: Floats) -> Floats: ...


@hr.remote("${PEER_URL}/v2/models/none")
def unknown(x: Ints) -> Ints: ...


@hr.remote("${PEER_URL}/v2/models/many", size=2)
def add_many(x: hr.Batch[Ints]) -> hr.Batch[Ints]: ...


@hr.remote("${PEER_URL}/v2/models/one", size=2)
def no_batches(x: hr.Batch[Ints]) -> hr.Batch[Ints]: ...


@hr.dag
def main(x: Ints) -> Ints:
    return add_one(x)


@hr.dag
def each(xs: hr.Many[Ints]) -> hr.Many[Ints]:
    return add_many.map(xs)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    models = {"one": Model(INT, INT, "x + 1"), "many": Model(INT, INT, "x + 1", batch=2)}
    with triton_peer(tmp_path_factory.mktemp("peer"), models) as urls:
        yield urls


@pytest.fixture(params=["grpc", "http"])
def peer(request, server, monkeypatch):
    """A server whose address is in the environment."""
    monkeypatch.setenv("PEER_URL", getattr(server, request.param))


@pytest.mark.usefixtures("peer")
class TestPeer:
    def test_the_answer_is_the_peers(self):
        assert main(np.array([41], np.int32)).tolist() == [42]

    def test_items_go_in_batches(self):
        assert np.ravel(each([np.array([n], np.int32) for n in range(5)])).tolist() == [1, 2, 3, 4, 5]

    def test_a_peer_of_other_types_is_refused(self):
        with pytest.raises(HeadraceError, match=r"remote-tensors"):
            add_float(np.array([1], np.float32))

    def test_a_peer_that_takes_no_batches_is_refused(self):
        with pytest.raises(HeadraceError, match=r"in batches on the first axis.*without size="):
            no_batches(np.array([1], np.int32))

    def test_a_peer_without_the_model_is_named(self):
        with pytest.raises(HeadraceError, match=r"remote-away.*none"):
            unknown(np.array([1], np.int32))
