"""GPUs: which slice a segment gets, what fits on it together, and what is refused."""

from __future__ import annotations

import pytest
from building import Builder
from outlines import cuts, outline, planned

from headrace_dags.errors import Exit, Location, PlanError
from headrace_dags.graph import Graph, Resources
from headrace_dags.plan.digests import DigestInputs
from headrace_dags.plan.model import Slice, Target
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import kubernetes, local

GIB = 2**30
SMALL = Slice(name="1g.10gb", gpu_memory_bytes=9 * GIB)
LARGE = Slice(name="3g.40gb", gpu_memory_bytes=39 * GIB)
CLUSTER = kubernetes("plain", (LARGE, SMALL))


def needs(gpu_gib: float = 0, slice: str = "", memory_gib: float = 0) -> Resources:  # noqa: A002
    return Resources(device="gpu", gpu_memory_bytes=int(gpu_gib * GIB), slice=slice, memory_bytes=int(memory_gib * GIB))


def model(resources: Resources, **options: object) -> Graph:
    build = Builder()
    return build.graph(build.node("see", build.input(), form="stateful", resources=resources, **options))


def refused(graph: Graph, target: Target = CLUSTER, digests: DigestInputs | None = None) -> list[str]:
    with pytest.raises(PlanError) as error:
        plan(graph, target, digests or DigestInputs())
    assert error.value.exit_code == Exit.PLAN_REFUSED
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(("gpu_gib", "name"), [(0, "1g.10gb"), (9, "1g.10gb"), (9.5, "3g.40gb"), (39, "3g.40gb")])
def test_a_segment_gets_the_smallest_slice_that_holds_it(gpu_gib, name):
    assert planned(model(needs(gpu_gib)), CLUSTER).segments[0].slice == name


def test_a_slice_may_be_asked_for_by_name():
    assert planned(model(needs(2, "3g.40gb")), CLUSTER).segments[0].slice == "3g.40gb"


def test_this_machine_has_no_slices():
    plan = planned(model(needs(400, "9g.nothing")), local())
    assert (plan.segments[0].slice, plan.segments[0].resources.device) == ("none", "gpu")


def test_what_needs_no_gpu_gets_none():
    assert planned(model(Resources()), CLUSTER).segments[0].slice == "none"


def test_the_targets_say_who_runs_onnx_models():
    assert (local().onnx, CLUSTER.onnx) == ("python", "onnxruntime")
    assert CLUSTER.slices == (SMALL, LARGE)


def test_another_device_is_another_segment():
    build = Builder()
    a = build.node("a", build.input())
    graph = build.graph(build.node("b", a, form="stateful", resources=needs(2)))
    for target in (local(), CLUSTER):
        plan = planned(graph, target)
        assert outline(plan) == ["a: [a]", "b: [b]"]
        assert cuts(plan) == ["a>>b resources-differ"]
    assert plan.reasons[0].text == "a runs on cpu, b on slice 1g.10gb"


def test_another_slice_is_another_segment():
    build = Builder()
    a = build.node("a", build.input(), form="stateful", resources=needs(2))
    graph = build.graph(build.node("b", a, form="stateful", resources=needs(20)))
    assert cuts(planned(graph, CLUSTER)) == ["a>>b resources-differ"]
    assert cuts(planned(graph)) == ["a>b own-model"]


def test_models_that_do_not_fit_on_a_slice_together_are_cut():
    build = Builder()
    value = build.input()
    for name, gpu_gib in (("a", 4), ("b", 5), ("c", 1)):
        value = build.node(name, value, form="stateful", resources=needs(gpu_gib))
    plan = planned(build.graph(value), CLUSTER)
    assert outline(plan) == ["a-to-b: [a] [b]", "c: [c]"]
    assert cuts(plan) == ["a>b own-model", "b>>c slice-full"]
    assert plan.reasons[1].text == ("b and c with what is beside them need 10 GiB of GPU memory, 1g.10gb has 9 GiB")


def test_models_are_loaded_side_by_side_and_functions_run_in_turn():
    build = Builder()
    a = build.node("a", build.input(), resources=Resources(memory_bytes=3))
    b = build.node("b", a, resources=Resources(memory_bytes=3))
    c = build.node("c", b, form="stateful", resources=Resources(memory_bytes=4))
    segment = planned(build.graph(c)).segments[0]
    assert [member.nodes for member in segment.members] == [("a", "b"), ("c",)]
    assert segment.resources.memory_bytes == 3 + 4


def test_functions_that_declare_different_memory_are_models_of_their_own():
    build = Builder()
    a = build.node("a", build.input(), resources=Resources(memory_bytes=GIB))
    plan = planned(build.graph(build.node("b", a)))
    assert outline(plan) == ["a-to-b: [a] [b]"]
    assert cuts(plan) == ["a>b memory-differs"]


def test_too_much_memory_is_refused_with_what_there_is():
    assert refused(model(needs(40))) == [
        (
            "dag.py:11 (see) [no-slice]: expects to fit on one slice of platform plain, got gpu_memory=40 GiB. "
            "Choose one of 1g.10gb (9 GiB), 3g.40gb (39 GiB)."
        )
    ]


def test_a_platform_without_gpus_is_named():
    assert refused(model(needs(1)), kubernetes("plain", ())) == [
        (
            "dag.py:11 (see) [no-slice]: expects to fit on one slice of platform plain, got gpu_memory=1 GiB. "
            "It offers none: choose another platform, or device='cpu'."
        )
    ]


def test_an_unknown_slice_is_refused_with_what_there_is():
    assert refused(model(needs(1, "2g.20gb"))) == [
        (
            "dag.py:11 (see) [slice-unknown]: expects a slice of platform plain, got slice='2g.20gb'. "
            "Choose one of 1g.10gb (9 GiB), 3g.40gb (39 GiB)."
        )
    ]


def test_a_slice_that_is_too_small_is_refused():
    assert refused(model(needs(10, "1g.10gb"))) == [
        (
            "dag.py:11 (see) [slice-too-small]: expects at most the 9 GiB of the slice it asks for, 1g.10gb, "
            "got gpu_memory=10 GiB. Choose one of 1g.10gb (9 GiB), 3g.40gb (39 GiB)."
        )
    ]


def test_a_step_of_a_script_that_is_run_is_refused():
    assert refused(model(Resources(), module="__main__"), local()) == [
        (
            "dag.py:11 (see) [not-importable]: expects a step that its server can import, got __main__:see. "
            "Define the step at the top of a module with a name; in a notebook, begin its cell with %%headrace FILE.py."
        )
    ]


@pytest.mark.parametrize("file", ["/models/m.onnx", "../m.onnx", "C:\\m.onnx"])
def test_a_model_outside_the_import_root_is_refused(file):
    build = Builder()
    graph = build.graph(build.node("see", build.input(), form="onnx", model_file=file))
    assert refused(graph, local(), DigestInputs(missing=(file,))) == [
        (
            f"dag.py:11 (see) [model-outside]: expects a model file below the import root, got {file}. "
            "Move the file beside the code and name it relative to the root."
        )
    ]


def test_a_model_that_is_not_there_is_refused():
    build = Builder()
    graph = build.graph(build.node("see", build.input(), form="onnx", model_file="m.onnx"))
    assert refused(graph, local(), DigestInputs(missing=("m.onnx",))) == [
        "dag.py:11 (see) [model-missing]: expects its model file to be there, got m.onnx. Put the file there or correct its path."
    ]


def test_a_step_without_outputs_is_refused():
    build = Builder()
    x = build.input()
    build.node("log", x, gives={})
    assert "[no-output]" in refused(build.graph(x), local())[0]


def test_results_are_kept_on_this_machine_only():
    build = Builder()
    graph = build.graph(build.node("see", build.input(), cache=True))
    assert planned(graph).segments[0].cached
    assert refused(graph, CLUSTER) == [
        (
            "dag.py:11 (see) [no-cache]: expects a target that keeps results between runs, got cache=True on kubernetes. "
            "Leave out cache=True for that target."
        )
    ]


def test_everything_is_refused_at_once():
    build = Builder()
    a = build.node("a", build.input(), form="stateful", resources=needs(100))
    b = build.node("b", a, form="stateful", resources=needs(1, "nothing"), module="__main__")
    with pytest.raises(PlanError) as error:
        planned(build.graph(b), CLUSTER)
    assert [(each.code, each.location) for each in error.value.problems] == [
        ("no-slice", Location("dag.py", 11)),
        ("slice-unknown", Location("dag.py", 12)),
        ("not-importable", Location("dag.py", 12)),
    ]
