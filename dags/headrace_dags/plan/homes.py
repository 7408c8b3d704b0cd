"""Where code is imported from that is no installed package: ``PYTHONPATH``, a project that is installed to be edited."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from headrace_dags.project.fromsource import is_library


def homes(name: str) -> tuple[Path, ...]:
    """The folders that the top-level module ``name`` is imported from; none for one whose version says what it holds."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return ()
    if spec is None:
        return ()
    places = spec.submodule_search_locations or ([spec.origin] if spec.has_location and spec.origin else [])
    found = dict.fromkeys(Path(place).resolve().parent for place in places)
    return tuple(home for home in found if not _holds_installed(home))


def _holds_installed(folder: Path) -> bool:
    return is_library(folder) or any(folder.glob("*.dist-info"))
