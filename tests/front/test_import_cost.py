"""What `import headrace` loads: next to nothing. Each name brings what it needs when it is first used, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

import headrace

HEAVY = {"numpy", "PIL", "rich", "click", "onnxruntime", "tritonclient", "kserve", "ray", "kfp", "grpc", "asyncio"}
ROOMS = {"headrace_modelmesh", "headrace_serving", "headrace_events", "headrace_pipelines"}


def loaded_by(program: str) -> set[str]:
    text = f"import sys; before = set(sys.modules)\n{program}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", _paths() + text], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def _paths() -> str:
    """The path as it is here, since without ``site`` nothing else has been imported."""
    return f"import sys; sys.path[:] = {sys.path!r}\n"


def tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_importing_loads_the_front_door_alone() -> None:
    ours = {name for name in loaded_by("import headrace") if name.startswith("headrace")}
    assert ours == {"headrace"}


def test_importing_loads_few_modules_and_no_library() -> None:
    assert loaded_by("import headrace") <= {"headrace", "__future__", "typing", *TYPING_LOADS}


TYPING_LOADS = loaded_by("import typing, __future__")


def test_decorating_needs_no_pydantic() -> None:
    program = (
        "import headrace as hr\n@hr.step\ndef f(x: int) -> int: return x\n@hr.dag\ndef d(x: int) -> int: return f(x)"
    )
    modules = loaded_by(program)
    assert not tops(modules) & (HEAVY | ROOMS | {"pydantic"})
    assert {name for name in modules if name.startswith("headrace_dags.")} == {
        "headrace_dags.declare",
        "headrace_dags.declare.dag",
        "headrace_dags.declare.options",
        "headrace_dags.declare.plain",
        "headrace_dags.declare.steps",
        "headrace_dags.trace",
        "headrace_dags.trace.context",
    }


def test_every_public_name_together_loads_nothing_heavy() -> None:
    modules = loaded_by("import headrace\nfor name in headrace.__all__: getattr(headrace, name)")
    assert not tops(modules) & (HEAVY | ROOMS)


@pytest.mark.parametrize("name", headrace.__all__)
def test_every_public_name_is_there(name: str) -> None:
    found = getattr(headrace, name)
    assert name in dir(headrace)
    assert getattr(headrace, name) is found


@pytest.mark.parametrize("name", [name for name in headrace.__all__ if isinstance(getattr(headrace, name), type)])
def test_public_classes_belong_to_the_front_door(name: str) -> None:
    if not issubclass(getattr(headrace, name), str):
        assert getattr(headrace, name).__module__ in ("headrace", "headrace_dags.layout", "headrace_dags.errors")


def test_names_are_listed_once_and_in_order() -> None:
    assert list(headrace.__all__) == sorted(set(headrace.__all__))


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert headrace.__version__ == version("headrace")
