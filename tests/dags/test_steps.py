"""Steps of functions: plain calls, and declarations that know everything and raise nothing."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wired

import headrace as hr
from headrace_dags.declare.understand import declaration_of, declared_of
from headrace_dags.graph import Batching, Resources


def test_a_plain_call_runs_the_body() -> None:
    assert wired.shout("a", times=2) == "AA"
    assert wired.shout.fn("a") == "A"
    assert wired.shout.map(["a", "b"], 2) == ["AA", "BB"]


def test_a_plain_call_collects_what_is_yielded() -> None:
    assert wired.words("a b") == ["a", "b"]
    assert wired.words.map(["a b", "c"]) == [["a", "b"], ["c"]]


def test_a_batched_body_sees_batches_and_callers_single_items() -> None:
    seen: list[int] = []

    @hr.batched(size=3)
    def measure(texts: hr.Batch[hr.Text], others: hr.Batch[hr.Text], /, least: int = 0) -> hr.Batch[int]:
        seen.append(len(texts))
        return [max(len(one) + len(two), least) for one, two in zip(texts, others, strict=True)]

    assert measure("ab", "c") == 3
    assert measure.map(["a", "bb", "ccc", "dddd"], "x", least=3) == [3, 3, 4, 5]
    assert measure.map([], "x") == []
    assert seen == [1, 3, 1]


def test_a_batched_body_returns_one_result_for_each_item() -> None:
    @hr.batched(size=3)
    def wrong(texts: hr.Batch[hr.Text]) -> hr.Batch[int]:
        return [1]

    assert wrong("a") == 1
    with pytest.raises(ValueError, match="a batch of 2 and must return a list of as many items, got 1"):
        wrong.map(["a", "b"])


def test_a_body_raises_as_it_is() -> None:
    @hr.step
    def fail(text: hr.Text) -> hr.Text:
        raise hr.InputError(text)

    with pytest.raises(hr.InputError, match="why"):
        fail("why")


def test_steps_look_like_their_functions() -> None:
    assert wired.shout.__name__ == "shout"
    assert wired.shout.__module__ == "wired"
    assert list(inspect.signature(wired.shout).parameters) == ["text", "times"]
    assert repr(wired.shout) == "<step wired.shout>"
    assert repr(wired.louder) == "<dag wired.louder>"
    assert type(wired.shout).__module__ == type(wired.louder).__module__ == "headrace"


def test_a_declaration_knows_ports_annotations_and_place() -> None:
    declaration = declaration_of(wired.split)
    assert declaration.ref.target == "wired:split"
    assert declaration.body is wired.split.fn
    assert [(port.name, port.many) for port in declaration.signature.outputs] == [("head", False), ("tail", True)]
    assert declaration.signature.result_class is wired.Parts
    assert declaration.signature.annotations == {"in:text": str, "out:head": str, "out:tail": str}
    lines = Path(wired.__file__).read_text().splitlines()
    assert lines[declaration.location.line - 1] == "def split(text: hr.Text) -> Parts:"
    assert declaration.problems == ()
    assert declaration_of(wired.split) is declaration


def test_options_become_resources_and_batching() -> None:
    assert declaration_of(wired.words).ref.resources == Resources(memory_bytes=2**30)
    assert declaration_of(wired.lengths).ref.batching == Batching(size=4, wait_us=5000)
    gpu = hr.step(device="gpu", gpu_memory="6Gi", slice="1g.10gb")(wired.shout.fn)
    expected = Resources(device="gpu", gpu_memory_bytes=6 * 2**30, slice="1g.10gb")
    assert declaration_of(gpu).ref.resources == expected


def test_with_changes_a_use_and_not_the_step() -> None:
    quick = wired.shout.with_(timeout="1s")
    assert quick("a") == "A"
    assert wired.shout.use is None
    assert declaration_of(quick).ref == declaration_of(wired.shout).ref


def lonely(value: int) -> int:
    return value


class Told:
    def method(self, value: int) -> int:
        return value


@pytest.mark.parametrize(
    ("decorate", "codes"),
    [
        (lambda: hr.step(len), ["step-target"]),  # type: ignore[arg-type]
        (lambda: hr.step(hr.step(lonely)), ["step-target"]),
        (lambda: hr.step(lambda: 1), ["step-target"]),
        (lambda: hr.step(functools.partial(lonely, 1)), ["step-target"]),
        (lambda: hr.dag(hr.step(lonely)), ["step-target"]),
        (lambda: hr.step(Told.method), ["step-target"]),
        (lambda: hr.step("2Gi")(lonely), ["not-importable", "unknown-option"]),  # type: ignore[call-overload]
        (lambda: hr.dag("10m")(lonely), ["unknown-option"]),  # type: ignore[call-overload]
        (lambda: hr.onnx(lonely), ["not-importable", "onnx-file", "onnx-port", "onnx-port"]),
        (lambda: hr.batched(lonely), ["not-importable", "batch-signature", "batch-signature", "batch-option"]),
        (
            lambda: hr.batched(size="8", wait=5)(lonely),
            ["not-importable", "batch-signature", "batch-signature"] + ["batch-option"] * 2,
        ),
        (lambda: hr.step(memory=2, max_items=3)(lonely), ["not-importable", "option-value", "option-value"]),
        (lambda: hr.step(device="tpu", slice=1)(lonely), ["not-importable", "option-value", "option-value"]),
        (lambda: hr.step(gpu_memory="1Gi")(lonely), ["not-importable", "option-value"]),
        (lambda: hr.step(nonsense=1)(lonely), ["not-importable", "unknown-option"]),
        (lambda: hr.onnx(3)(lonely), ["not-importable", "onnx-file", "onnx-port", "onnx-port"]),
        (lambda: hr.onnx("/models/a.onnx")(lonely), ["not-importable", "onnx-file", "onnx-port", "onnx-port"]),
        (lambda: hr.dag(deadline=3, retries=2)(lonely), ["unknown-option", "option-value"]),
        (lambda: hr.dag(len), ["step-target"]),  # type: ignore[arg-type]
    ],
)
def test_decorating_never_raises_and_declaring_tells_all(decorate: Any, codes: list[str]) -> None:
    assert sorted(problem.code for problem in declaration_of(decorate()).problems) == sorted(codes)


def test_a_broken_annotation_leaves_the_others_alone() -> None:
    @hr.step
    def odd(a: Missing, b: hr.Text, c: bytes, d: hr.Text | int, *rest: int) -> hr.Vidoe:  # type: ignore[name-defined]  # noqa: F821
        return b

    declared = declared_of(odd)
    assert [port.name for port in declared.signature.inputs] == ["b"]
    assert [parameter.name for parameter in declared.parameters] == ["a", "b", "c", "d"]
    assert declared.signature.outputs == ()
    assert [(problem.where, problem.code) for problem in declared.declaration.problems] == [
        ("odd", "not-importable"),
        ("odd.a", "unresolved-name"),
        ("odd.c", "port-bytes"),
        ("odd.d", "port-union"),
        ("odd.rest", "variadic-parameter"),
        ("odd", "unresolved-name"),
    ]


def test_a_name_that_is_not_public_is_told_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"'Vidoe'\. Did you mean 'Video'"):
        _ = hr.Vidoe  # type: ignore[attr-defined]


def test_a_constant_array_is_no_constant() -> None:
    from headrace_dags.declare.dag import dag
    from headrace_dags.trace.tracing import attempt

    def body(text: hr.Text) -> hr.Text:
        return wired.join(text, np.zeros(3))  # type: ignore[arg-type]

    (problem,) = attempt(dag(body))  # type: ignore[misc]
    assert (problem.code, problem.got) == ("constant-type", "float64 array of shape [3]")


def test_declaring_something_else_is_refused() -> None:
    with pytest.raises(TypeError, match="expects a step or a dag, got int"):
        declaration_of(3)
