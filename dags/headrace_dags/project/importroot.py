"""Import a user's file by a name that is the same on any machine: its path below the import root."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from headrace_dags.project.fromsource import from_source, is_library


def import_root(file: Path) -> Path:
    """The folder of the nearest ``pyproject.toml`` above ``file``; the file's own folder where there is none."""
    folders = file.resolve().parents
    return next((folder for folder in folders if (folder / "pyproject.toml").is_file()), folders[0])


def placed(file: Path) -> tuple[Path, str]:
    """The import root of ``file`` and its module name from there.

    A folder whose name has a dot cannot be part of a module's name; then the file's own folder is the root.
    """
    file, root = file.resolve(), import_root(file)
    parts = file.relative_to(root).with_suffix("").parts
    if any("." in part for part in parts):
        root, parts = file.parent, (file.stem,)
    return root, ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def import_from(root: Path, name: str) -> ModuleType:
    """Import module ``name`` with ``root`` first on the path.

    A module of that name that was loaded from elsewhere gives way: two projects may both have a ``dag.py``.

    Raises:
        Exception: whatever the import raises; then the path is as before, and nothing of it stays loaded.
    """
    _give_way(root, name)
    with _undone_on_error(root):
        _put_first(root)
        from_source(root)
        importlib.invalidate_caches()
        return importlib.import_module(name)


def _put_first(root: Path) -> None:
    text = str(root)
    if sys.path[:1] != [text]:
        sys.path[:] = [text, *(each for each in sys.path if each != text)]


def _give_way(root: Path, name: str) -> None:
    """Forget modules that stand in the way: of ``name`` and its parents, and of those in ``root``, which it may import."""
    parts = name.split(".")
    names = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    names += [each.stem for each in root.iterdir() if each.suffix == ".py" or each.is_dir()]
    for each in names:
        loaded = sys.modules.get(each)
        if loaded is not None and not _is_found(loaded, root, each) and _is_of_a_project(loaded):
            _forget(each)


def _is_found(module: ModuleType, root: Path, name: str) -> bool:
    """Whether a loaded module is the one that its name leads to from ``root``, not one of a project in a folder below."""
    place = root.joinpath(*name.split("."))
    return _lies_in(module, place) or _lies_in(module, place.with_name(f"{place.name}.py"))


def _is_of_a_project(module: ModuleType) -> bool:
    """Whether a module is neither of Python, nor of an installed library, nor Headrace's own."""
    if module.__name__.startswith("headrace") or not (getattr(module, "__file__", None) or hasattr(module, "__path__")):
        return False
    return not any(map(is_library, _places(module)))


def _lies_in(module: ModuleType, root: Path) -> bool:
    """Whether a module, or any part of a namespace package, comes from below ``root``."""
    return any(place.is_relative_to(root) for place in _places(module))


def _places(module: ModuleType) -> Iterator[Path]:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return (Path(place).resolve() for place in places if place)


def _forget(name: str) -> None:
    for loaded in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
        del sys.modules[loaded]


@contextmanager
def _undone_on_error(root: Path) -> Generator[None]:
    """Take back the path and the modules below ``root`` that were loaded, if the import fails."""
    path, before = list(sys.path), set(sys.modules)
    try:
        yield
    except BaseException:
        sys.path[:] = path
        new = {name: module for name, module in sys.modules.items() if name not in before}
        for name in [name for name, module in new.items() if _lies_in(module, root)]:
            del sys.modules[name]
        raise
