"""``headrace diff`` on a real project: each edit redeploys what it concerns and is named, and nothing else is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.front.conftest import Project, Ran

FLOW = """\
import headrace as hr
from marking.mark import Mark
from reading.read import read
from scoring import total, twice, vector


@hr.dag
def flow(text: hr.Text) -> float:
    mark = Mark(sign="!").with_(isolate=True)
    return total(twice(vector(mark(read(text, times=2)))))
"""
SCORING = """\
from typing import Annotated, TypeAlias

import headrace as hr
import numpy as np

Two: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("tensor", "d=2")]


@hr.step
def vector(text: hr.Text) -> Two:
    return np.asarray([len(text), 1], np.float32)


@hr.onnx("twice.onnx")
def twice(vector: Two) -> Two:
    raise NotImplementedError


@hr.step
def total(vector: Two) -> float:
    return float(vector.sum())
"""
FILES = {
    "pyproject.toml": "[tool.headrace]\n",
    "README.md": "nothing\n",
    "flow.py": FLOW,
    "scoring.py": SCORING,
    "reading/__init__.py": "",
    "reading/read.py": (
        "import headrace as hr\n\nfrom reading.helper import repeated\n\n\n"
        "@hr.step\ndef read(text: hr.Text, times: int = 1) -> hr.Text:\n    return repeated(text, times)\n"
    ),
    "reading/helper.py": "from reading.deep import GLUE\n\n\ndef repeated(text, times):\n    return GLUE.join([text] * times)\n",
    "reading/deep.py": "GLUE = ' '\n",
    "marking/__init__.py": "",
    "marking/mark.py": (
        "import headrace as hr\nimport inklib\n\n\nclass Mark(hr.Stateful):\n    sign: str = '.'\n    times: int = 1\n\n"
        "    def __call__(self, text: hr.Text) -> hr.Text:\n        return text + inklib.INK + self.sign * self.times\n"
    ),
    "site/inklib.py": "INK = ''\n",
}


def model(factor: float) -> bytes:
    """A model that multiplies two numbers by ``factor``."""
    weight = numpy_helper.from_array(np.asarray([factor], np.float32), "weight")
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("vector", "result")]
    nodes = [helper.make_node("Mul", ["vector", "weight"], ["result"])]
    graph = helper.make_graph(nodes, "twice", ports[:1], ports[1:], [weight])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    assert isinstance(made, onnx.ModelProto)
    return made.SerializeToString()


@pytest.fixture
def flow(project: Project) -> Project:
    """A project with three segments: ``read``, ``mark``, and ``vector-to-total`` with a model file."""
    for name, text in FILES.items():
        project.write(name, text)
    project.write("twice.onnx", model(2))
    ink(project, "1.0")
    project.write("before.json", planned(project))
    return project


def ink(project: Project, version: str) -> None:
    """Install ``inklib`` in a version, as a lock would say."""
    for old in (project.folder / "site").glob("*.dist-info"):
        shutil.rmtree(old)
    project.write(
        f"site/inklib-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: inklib\nVersion: {version}\n"
    )


def headrace(project: Project, *arguments: str) -> Ran:
    return project.headrace(*arguments, PYTHONPATH=str(project.folder / "site"))


def planned(project: Project, *arguments: str) -> str:
    done = headrace(project, "plan", "flow.py", "--json", *arguments)
    assert done.code == 0, done.err
    return done.out


def replaced(name: str, old: str, new: str) -> Callable[[Project], object]:
    def edit(project: Project) -> None:
        text = (project.folder / name).read_text()
        assert old in text
        project.write(name, text.replace(old, new))

    return edit


EDITS: dict[str, tuple[Callable[[Project], object], dict[str, list[str]]]] = {
    "nothing": (lambda _: None, {}),
    "a file that is no code": (lambda project: project.write("README.md", "other"), {}),
    "a module that nobody imports": (lambda project: project.write("reading/unused.py", "x = 1\n"), {}),
    "a module two imports away": (replaced("reading/deep.py", "' '", "'-'"), {"read": ["file reading/deep.py"]}),
    "a module that is imported now": (
        lambda project: (
            project.write("marking/more.py", ""),
            replaced("marking/mark.py", "inklib\n", "inklib\nimport marking.more\n")(project),
        ),
        {"mark": ["file marking/mark.py", "file marking/more.py"]},
    ),
    "a constant": (replaced("flow.py", "times=2", "times=3"), {"read": ["configuration read.times"]}),
    "a configuration": (replaced("flow.py", '"!"', '"?"'), {"mark": ["configuration mark.sign"]}),
    "a default of a configuration": (
        replaced("marking/mark.py", "= 1", "= 2"),
        {"mark": ["file marking/mark.py", "configuration mark.times"]},
    ),
    "a model file": (lambda project: project.write("twice.onnx", model(3)), {"vector-to-total": ["model twice.onnx"]}),
    "a lock": (lambda project: ink(project, "2.0"), {"mark": ["distribution inklib"]}),
    "a retry": (replaced("flow.py", "isolate=True", "isolate=True, retry=2"), {}),
    "a cut": (
        replaced("flow.py", ".with_(isolate=True)", ""),
        {"read-to-total": ["cut read", "cut mark"], "mark": ["cut mark"], "read": ["cut read"]},
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_digest_changes_where_a_cause_is_named(edit: str, flow: Project) -> None:
    change, expected = EDITS[edit]
    before = digests((flow.folder / "before.json").read_text())
    change(flow)
    found = headrace(flow, "diff", "before.json", "flow.py", "--json").json
    named = {
        each["new"] or each["old"]: [f"{why['kind']} {why['what']}" for why in each["causes"]]
        for each in found["segments"]
    }
    assert {name: why for name, why in named.items() if why} == expected
    after = digests(planned(flow))
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    told = {name for each in found["segments"] if each["causes"] for name in (each["old"], each["new"]) if name}
    assert changed == told


def digests(plan: str) -> dict[str, str]:
    return {each["name"]: each["digest"] for each in json.loads(plan)["segments"]}


def test_each_side_is_a_plan_a_folder_or_a_dag(flow: Project) -> None:
    assert headrace(flow, "compile", "flow.py", "-o", "build").code == 0
    shutil.copytree(flow.folder, flow.folder / "old", ignore=shutil.ignore_patterns("build"))
    replaced("reading/deep.py", "' '", "'-'")(flow)
    for old in ("before.json", "build", "build/plan.json", "old/flow.py", "old/flow.py:flow"):
        assert fates(headrace(flow, "diff", old, "flow.py:flow")) == "1 segment redeployed, 2 unchanged", old
    flow.write("after.json", planned(flow))
    assert fates(headrace(flow, "diff", "build", "after.json")) == "1 segment redeployed, 2 unchanged"
    assert fates(headrace(flow, "diff", "flow.py", "after.json")) == "the plans are the same"


def fates(done: Ran) -> str:
    assert done.code == 0, done.err
    return done.out.splitlines()[0].partition(": ")[2]


def test_a_runs_record_is_a_side(flow: Project) -> None:
    done = headrace(flow, "run", "flow.py", "--input", "text=a", "--runtime", "inprocess")
    assert done.code == 0, done.err
    (run,) = (flow.folder / ".headrace" / "runs").iterdir()
    assert fates(headrace(flow, "diff", str(run), "flow.py")) == "the plans are the same"
    flow.write("twice.onnx", model(3))
    assert fates(headrace(flow, "diff", str(run), "flow.py")) == "1 segment redeployed, 2 unchanged"


def test_a_dag_is_planned_for_the_target_of_the_other_side(flow: Project) -> None:
    flow.write("cluster.json", planned(flow, "--target", "kubernetes", "--platform", "gke"))
    assert fates(headrace(flow, "diff", "cluster.json", "flow.py")) == "the plans are the same"
    assert fates(headrace(flow, "diff", "flow.py", "cluster.json")) == "the plans are the same"
    other = headrace(flow, "diff", "cluster.json", "flow.py", "--target", "local")
    assert "  target  kind kubernetes -> local\n" in other.out
    assert "  version  ONNX models run by onnxruntime -> python\n" in other.out
    assert "platform gke -> plain" in headrace(flow, "diff", "cluster.json", "flow.py", "--platform", "plain").out


def test_the_exit_code_tells_where_it_is_asked_to(flow: Project) -> None:
    same = headrace(flow, "diff", "before.json", "flow.py", "--exit-code")
    assert same.code == 0
    replaced("flow.py", '"!"', '"?"')(flow)
    assert headrace(flow, "diff", "before.json", "flow.py").code == 0
    other = headrace(flow, "diff", "before.json", "flow.py", "--exit-code")
    assert other.code == 1
    assert '  configuration  mark.sign "!" -> "?"\n' in other.out
    assert other.out.endswith("Unchanged, with server, topic and name: read, vector-to-total\n")


def test_what_callers_see(flow: Project) -> None:
    replaced("flow.py", "def flow(text: hr.Text)", "def flow(text: hr.Text, times: int)")(flow)
    replaced("flow.py", "times=2", "times=times")(flow)
    done = headrace(flow, "diff", "before.json", "flow.py")
    assert "For those who call it:\n  breaks  input times, int, is new, and has no default\n" in done.out


@pytest.mark.parametrize(
    ("old", "code"),
    [
        ("gone.json", "no-plan"),
        ("reading", "no-plan"),
        ("later.json", "plan-format"),
        ("README.md", "plan-format"),
        ("gone.py", "no-file"),
    ],
)
def test_what_is_no_side_is_bad_input(old: str, code: str, flow: Project) -> None:
    flow.write("later.json", '{"format": "plan/99"}')
    done = headrace(flow, "diff", old, "flow.py")
    assert (done.code, done.out) == (2, "")
    assert f"[{code}]: " in done.err
    assert json.loads(headrace(flow, "diff", old, "flow.py", "--json").err)["problems"][0]["code"] == code


MAIL = """\
from enum import StrEnum

import headrace as hr

from marking.mark import Mark
from reading.read import read


class Kind(StrEnum):
    INVOICE = "invoice"
    LETTER = "letter"


@hr.step
def kind(text: hr.Text) -> Kind:
    return Kind.LETTER


@hr.dag
def mail(text: hr.Text) -> hr.Text:
    return hr.switch(kind(text)).case(Kind.INVOICE, Mark().with_(isolate=True)(text)).otherwise(read(text))
"""


def test_a_join_between_segments_is_the_engines(flow: Project) -> None:
    flow.write("mail.py", MAIL)
    flow.write("mail.json", headrace(flow, "plan", "mail.py", "--json").out)
    flow.write("mail.py", MAIL.replace("case(Kind.INVOICE", "case(Kind.LETTER"))
    done = headrace(flow, "diff", "mail.json", "mail.py")
    assert fates(done) == "1 segment redeployed, 2 unchanged"
    assert "kind is redeployed:\n  file  mail.py changed\n" in done.out
    assert done.out.endswith(
        "Unchanged, with server, topic and name: mark, read\n\n"
        "For the engine alone:\n"
        "  join  switch switch by kind.result, of invoice: mark.result, otherwise: read.result"
        " -> switch by kind.result, of letter: mark.result, otherwise: read.result\n"
        "  gate  mark where switch takes invoice -> where switch takes letter\n"
    )
