"""Digests: what changes a segment's digest, and what leaves it alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from building import Builder

from headrace_dags.graph import Graph, Options
from headrace_dags.plan.digests import Code, DigestInputs
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import kubernetes, local

INPUTS = DigestInputs(
    modules={
        "first": Code({"first.py": "1"}, {"numpy": "1.26.4"}),
        "second": Code({"second.py": "2", "shared.py": "3"}),
    },
    models={"m.onnx": "4"},
    headrace="0.1.0",
    server="0.7.0",
    python="3.11",
)


def graph(name: str = "b", constant: object = 1, **options: object) -> Graph:
    build = Builder()
    a = build.node("a", build.input(), module="first")
    b = build.node(name, a, constant, module="second", form="onnx", model_file="m.onnx", isolate=True, **options)
    return build.graph(b)


def digests(inputs: DigestInputs = INPUTS, **options: object) -> tuple[str, str]:
    first, second = plan(graph(**options), local(), inputs).segments
    return first.digest, second.digest


def with_code(module: str, code: Code) -> DigestInputs:
    return replace(INPUTS, modules=MappingProxyType({**INPUTS.modules, module: code}))


SAME = digests()


def test_digests_are_hex_and_name_the_model():
    first = plan(graph(), local(), INPUTS).segments[0]
    assert len(first.digest) == 64
    assert first.model == f"a-{first.digest[:12]}"


@pytest.mark.parametrize(
    "inputs",
    [
        with_code("second", Code({"second.py": "changed", "shared.py": "3"})),
        with_code("second", Code({"second.py": "2", "shared.py": "changed"})),
        with_code("second", Code({"second.py": "2", "shared.py": "3", "new.py": "5"})),
        with_code("second", Code({"second.py": "2", "shared.py": "3"}, {"pillow": "11"})),
        replace(INPUTS, models={"m.onnx": "changed"}),
    ],
)
def test_a_change_in_one_segment_leaves_the_other_alone(inputs):
    first, second = digests(inputs)
    assert first == SAME[0]
    assert second != SAME[1]


@pytest.mark.parametrize("change", [{"headrace": "0.2.0"}, {"server": "0.8.0"}, {"python": "3.12"}])
def test_another_version_of_what_serves_changes_all(change):
    first, second = digests(replace(INPUTS, **change))
    assert first != SAME[0]
    assert second != SAME[1]


@pytest.mark.parametrize("options", [{"constant": 2}, {"batch": 4}])
def test_configuration_counts(options):
    first, second = digests(**options)
    assert first == SAME[0]
    assert second != SAME[1]


def test_a_module_that_no_step_is_in_does_not_count():
    assert digests(with_code("third", Code({"third.py": "6"}))) == SAME


def test_retries_time_outs_and_caching_do_not_count():
    before = graph()
    patient = [
        node.model_copy(update={"options": Options(retry=3, timeout_s=9, isolate=node.options.isolate, cache=True)})
        for node in before.nodes
    ]
    after = before.model_copy(update={"nodes": tuple(patient)})
    assert tuple(segment.digest for segment in plan(after, local(), INPUTS).segments) == SAME


def test_the_target_counts_where_it_changes_who_runs_a_model():
    segments = plan(graph(), kubernetes("plain", ()), INPUTS).segments
    assert segments[1].digest != SAME[1]


def test_lines_and_paths_do_not_count_for_the_plan():
    build = graph()
    moved = build.model_copy(update={"sources": {}})
    assert plan(build, local(), INPUTS).digest == plan(moved, local(), INPUTS).digest
