"""Annotations that never describe a port, each with what to write instead."""

from __future__ import annotations

import inspect
import types
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from pathlib import PurePath
from typing import Annotated, Any, TypeVar, get_args, get_origin

from headrace_dags.media.handles import Blob
from headrace_dags.misfit import Misfit
from headrace_dags.ports.arrays import is_array
from headrace_dags.ports.spelling import UNIONS, spelled, written
from headrace_dags.secrets.secret import Secret

_HANDLES = "Write hr.Blob, hr.Video, hr.Jpeg, ... (a handle: .read() gives the bytes, .path() a file)"
_TYPED = "Write the type, e.g. hr.Image, str, int or a pydantic model"
_FOREIGN = {
    "PIL": (
        "a PIL image",
        "Write `import headrace as hr` and hr.Image, which is an array: np.asarray(picture.convert('RGB'))",
    ),
    "torch": ("a torch tensor", "Write hr.Image, hr.Audio or an array with hr.Layout, and give tensor.numpy()"),
    "pandas": ("a pandas table", "Write a list of pydantic models"),
}


def refuse(item: Any) -> Misfit | None:
    """Why ``item`` cannot be the type of an item; ``None`` where nothing speaks against it here."""
    if item is inspect.Parameter.empty:
        return Misfit("port-missing", "expects a type annotation", "none", _TYPED)
    if item is None or item is types.NoneType:
        return Misfit(
            "port-none", "expects a value", "None", "Return what the step makes, e.g. hr.Text or a pydantic model"
        )
    if item in (Any, object) or isinstance(item, TypeVar):
        return Misfit("port-any", "expects a type that says what travels", spelled(item), _TYPED)
    if isinstance(item, str):
        return Misfit("port-unresolved", "expects a type that can be found", f"{item!r}", "Import it in the module")
    return _encoded(item) or _shaped(item) or _foreign(item)


def _encoded(item: Any) -> Misfit | None:
    """Bytes and paths, which say nothing of what they hold."""
    if isinstance(item, type) and issubclass(item, bytes | bytearray | memoryview):
        return Misfit("port-bytes", "expects encoded media as a handle", spelled(item), _HANDLES)
    if isinstance(item, type) and issubclass(item, PurePath):
        got = f"{item.__name__}, which means nothing on another machine"
        return Misfit("port-bytes", "expects a file as a handle", got, _HANDLES)
    return None


def _shaped(item: Any) -> Misfit | None:
    """Unions, generators and other things that are more or less than one value."""
    origin, args = get_origin(item), get_args(item)
    if origin is Annotated:
        return refuse(args[0]) if args[0] is not Any else None
    if origin in UNIONS:
        return None if _is_json(args) else _union(args)
    kind = origin or item
    if kind in (AsyncIterator, AsyncGenerator):
        return Misfit(
            "port-stream",
            "expects an ordinary generator",
            written(item),
            "Write Iterator[...] and `def`, not `async def`",
        )
    if kind in (Iterable, Iterator, Generator):
        inner = f"[{written(args[0])}]" if args else "[...]"
        write = f"Write Iterator{inner} for a body that yields, hr.Many{inner} otherwise"
        return Misfit("port-stream", "expects a type that says how many there are", written(item), write)
    return None


def _is_json(args: tuple[Any, ...]) -> bool:
    """Whether all members of a union are JSON values that are told apart by what they hold."""
    return not any(
        arg is str or (isinstance(arg, type) and issubclass(arg, Blob)) or get_origin(arg) is Annotated or is_array(arg)
        for arg in args
    ) and not any(map(refuse, args))


def _union(args: tuple[Any, ...]) -> Misfit:
    names = sorted(map(written, args))  # for Python holds unions of another order for the same
    first, got = names[0], " | ".join(names)
    if all(isinstance(arg, type) and issubclass(arg, Blob) for arg in args):
        base = next(base for base in args[0].__mro__ if all(issubclass(arg, base) for arg in args))
        return Misfit("port-union", "expects one class of handles", got, f"Write {written(base)}")
    write = f"Write one type, e.g. {first}, or a pydantic model with a field for each"
    return Misfit(
        "port-union", "expects one type, or a union of JSON values, which text, media and arrays are not", got, write
    )


def _foreign(item: Any) -> Misfit | None:
    """Classes of well-known libraries; a module in place of a class is the slip ``from PIL import Image``."""
    if item is Secret:
        write = "Make it an attribute of a class step (hr.Stateful), token: hr.Secret"
        return Misfit("port-foreign", "expects a value that travels", "a secret, which does not", write)
    module = item.__name__ if isinstance(item, types.ModuleType) else getattr(item, "__module__", "")
    found = _FOREIGN.get(str(module).partition(".")[0])
    if found:
        return Misfit("port-foreign", "expects a type that Headrace knows", *found)
    if isinstance(item, types.ModuleType):
        return Misfit("port-foreign", "expects a type", f"the module {module}", _TYPED)
    return None
