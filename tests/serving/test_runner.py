"""What a runner answers, without any runtime around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conformance.runtimes import Served, served

from headrace_dags.running.evaluate import PreparedNode
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.program import program
from headrace_serving.runner import PROBE, UNNAMED, Request, Runner, request_id
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.tensors import Tensor

__all__ = ("served",)


def runner(served: Served, dag: str, member: int = 0, **place: Path) -> Runner:
    segment = served.plans[dag].segments[0]
    workplace = served.workplace.model_copy(update=place)
    return Runner(program(served.plans[dag], segment.model, segment.members[member], workplace))


def texts(*items: str) -> Tensor:
    return Tensor.of_bytes([item.encode() for item in items])


def request(name: str, tensor: Tensor) -> Request:
    return Request(request_id("tenant/run", "run/segment/0/1"), {name: tensor})


def told(answer: Any) -> TaskFailure:
    assert isinstance(answer, TaskFailure)
    return answer


def items(answer: Any) -> list[bytes]:
    assert not isinstance(answer, TaskFailure), answer
    (tensor,) = answer.values()
    return list(tensor.array.flat)


def test_requests_share_a_batch_and_keep_their_items(served: Served) -> None:
    batched = runner(served, "mapped")
    answers = batched.run([request("in_texts", texts(*(f"X{n}{k}" for k in range(n)))) for n in (3, 0, 1, 20)])
    assert [items(answer) for answer in answers] == [[f"x{n}{k}".encode() for k in range(n)] for n in (3, 0, 1, 20)]


def test_a_request_that_fails_leaves_the_others_alone(served: Served) -> None:
    picky = runner(served, "failing_inside", member=1)
    name = served.plans["failing_inside"].segments[0].members[1].inputs[0].name
    wrong = Request("tenant/run/s/0/1", {name: Tensor(np.zeros((1, 1)))})
    asked = [request(name, texts("a")), request(name, texts("b", "bad")), wrong, request(name, texts("c"))]
    first, failed, undecodable, last = picky.run(asked)
    assert (items(first), items(last)) == ([b"a"], [b"c"])
    assert (told(failed).kind, told(failed).node) == ("step", "picky")
    assert (told(undecodable).kind, told(undecodable).port) == ("input", "items")
    assert "expects a tensor of BYTES, got FP64" in told(undecodable).message


@pytest.mark.parametrize(("dag", "name", "count"), [("mapped", "in_texts", 1), ("quitting", "in_number", 0)])
def test_a_probe_runs_no_body(served: Served, dag: str, name: str, count: int) -> None:
    probe = Request(f"{PROBE}model", {name: texts(*["not even JSON"] * count)})
    assert items(runner(served, dag).run([probe])[0]) == [b""] * count


def test_a_tenant_may_have_the_name_of_the_probe(served: Served) -> None:
    doubling = runner(served, "two_fused")
    asked = Request(request_id("probe/run", "run/segment/0/1"), {"in_number": texts("4")})
    assert items(doubling.run([asked])[0]) == [b"8.0"]


@pytest.mark.parametrize(("dag", "name"), [("quitting", "in_number"), ("batched_once", "in_text")])
def test_an_interrupt_inside_a_body_is_an_answer(
    served: Served, monkeypatch: pytest.MonkeyPatch, dag: str, name: str
) -> None:
    interrupted = runner(served, dag)

    def raising(*_: object) -> Any:
        raise KeyboardInterrupt

    for way in ("run", "run_plain", "run_batch"):
        monkeypatch.setattr(PreparedNode, way, raising)
    failure = told(interrupted.run([request(name, texts("3"))])[0])
    assert (failure.kind, failure.node) == ("internal", served.plans[dag].segments[0].nodes[0])
    assert "KeyboardInterrupt" in failure.message


def test_another_projects_module_of_the_same_name_is_not_run(served: Served, tmp_path: Path) -> None:
    (tmp_path / "served_dags.py").touch()
    with pytest.raises(TaskFailed) as caught:
        runner(served, "two_fused", import_root=tmp_path)
    failure = caught.value.failure
    assert (failure.kind, failure.node) == ("load", "double")
    assert f"[module-shadowed]: expects module served_dags from {tmp_path / 'served_dags.py'}, got" in failure.message


def test_a_store_that_cannot_be_written_is_the_machines_fault(served: Served, tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where the folder should be")
    drawing = runner(served, "made_media", objects=tmp_path / "objects")
    failure = told(drawing.run([request("in_width", texts("3"))])[0])
    assert (failure.kind, failure.node) == ("environment", "draw")
    assert "disk-refused" in failure.message


def test_objects_go_where_the_request_belongs(served: Served, tmp_path: Path) -> None:
    drawing = runner(served, "made_media", objects=tmp_path)
    drawing.run([request("in_width", texts("3")), Request("", {"in_width": texts("3")})])
    found = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"tenant/run", UNNAMED}


def test_a_workplace_is_not_needed_for_what_touches_no_object(served: Served, tmp_path: Path) -> None:
    place = Workplace(import_root=served.workplace.import_root, objects=tmp_path / "none", scratch=tmp_path / "none")
    doubling = runner(served, "two_fused", objects=place.objects)
    assert items(doubling.run([request("in_number", texts("4"))])[0]) == [b"8.0"]
    assert list(tmp_path.iterdir()) == []
