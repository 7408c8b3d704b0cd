"""What can be set, from where it is taken, and what holds now: ``[tool.headrace]`` < ``HEADRACE_*`` < flags."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from headrace_dags.declare.units import UnitError, seconds, size_bytes
from headrace_dags.errors import BadInput, Problem

NO_FLAGS: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that can be set.

    Attributes:
        name: the key in ``[tool.headrace]``; the variable is ``HEADRACE_`` and the name in capitals.
        default: what holds when nobody says anything.
        means: what it is, for ``headrace config``.
        choices: the values it may have; empty for any.
        is_path: whether it is a path: relative to the pyproject.toml that names it, else to the working directory.
        reads: makes a number of the text; raises ``UnitError`` where it says none.
    """

    name: str
    default: str
    means: str
    choices: tuple[str, ...] = ()
    is_path: bool = False
    reads: Callable[[str], float] | None = None

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"HEADRACE_{self.name.upper()}"


def _room_bytes(text: str) -> float:
    """Bytes of the cache, which may be none."""
    return 0 if text.strip() == "0" else size_bytes(text)


SETTINGS = (
    Setting("state", ".headrace", "folder of runs and their objects, beside the code", is_path=True),
    Setting("results", "out", "folder that results are saved in, a folder per run", is_path=True),
    Setting("runtime", "auto", "what executes the segments of a run", ("auto", "triton", "container", "inprocess")),
    Setting("container_engine", "auto", "what runs containers", ("auto", "docker", "podman")),
    Setting("container_base", "auto", "image that the container's image is built on; auto: Python's slim image"),
    Setting("container_requirements", "auto", "file with the project's packages; auto: uv.lock, requirements.txt, ..."),
    Setting("container_memory", "auto", "most memory of the container, e.g. 4g; auto: three quarters of the engine's"),
    Setting("container_shm", "1g", "shared memory of the container, for tensors between processes"),
    Setting("container_network", "closed", "whether steps in the container reach the network", ("closed", "open")),
    Setting(
        "cache", "2Gi", "room on the disk for results that are kept, such as 500Mi; 0 keeps none", reads=_room_bytes
    ),
    Setting("cache_age", "30d", "how long a kept result stays that no run asks for", reads=seconds),
    Setting("target", "local", "what `plan` plans for", ("local", "kubernetes")),
    Setting("platform", "plain", "the platform of the kubernetes target"),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Value:
    """What holds for one setting, and who said so."""

    setting: Setting
    text: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All that holds in one import root.

    Attributes:
        root: the import root: folder of the nearest pyproject.toml.
        values: by name.
    """

    root: Path
    values: Mapping[str, Value]

    @property
    def state(self) -> Path:
        """Folder of runs and objects."""
        return Path(self.values["state"].text)

    @property
    def results(self) -> Path:
        """Folder that results are saved in."""
        return Path(self.values["results"].text)

    @property
    def runtime(self) -> str:
        """``auto``, ``triton``, ``container`` or ``inprocess``."""
        return self.values["runtime"].text

    @property
    def cache_bytes(self) -> int:
        """Room on the disk for kept results; 0 where none is to be kept."""
        return int(_room_bytes(self.values["cache"].text))

    @property
    def cache_age_s(self) -> float:
        """How long a kept result stays that no run asks for, in seconds."""
        return seconds(self.values["cache_age"].text)

    @property
    def target(self) -> str:
        """``local`` or ``kubernetes``."""
        return self.values["target"].text

    @property
    def platform(self) -> str:
        """The kubernetes platform."""
        return self.values["platform"].text


def resolve(
    root: Path, flags: Mapping[str, str | None] = NO_FLAGS, environ: Mapping[str, str] = os.environ
) -> Settings:
    """What holds for code under ``root``.

    Args:
        root: the import root.
        flags: by setting name, what the command line says; ``None`` where it says nothing.
        environ: the environment.

    Raises:
        BadInput: an unknown key, or a value that is not among the choices; all of them at once.
    """
    file = root / "pyproject.toml"
    table = _table(file)
    problems = list(_unknown(table, file))
    values = {setting.name: _value(setting, root, table, flags, environ) for setting in SETTINGS}
    problems += [problem for value in values.values() if (problem := _misfit(value))]
    if problems:
        raise BadInput(problems)
    return Settings(root, values)


def _table(file: Path) -> Mapping[str, object]:
    if not file.is_file():
        return {}
    try:
        with file.open("rb") as stream:
            whole = tomllib.load(stream)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadInput(Problem("config-syntax", str(file), "expects TOML", str(error))) from None
    tool = whole.get("tool", {})
    found = tool.get("headrace", {}) if isinstance(tool, dict) else tool
    if not isinstance(found, dict):
        write = "Write the settings below a line [tool.headrace]"
        raise BadInput(Problem("config-syntax", str(file), "expects a table tool.headrace", repr(found), write))
    return found


def _unknown(table: Mapping[str, object], file: Path) -> Iterator[Problem]:
    for key in table:
        if key not in _BY_NAME:
            close = get_close_matches(key, _BY_NAME, 1)
            write = f"Write {close[0]}" if close else "See `headrace config` for what can be set"
            yield Problem("config-unknown", f"{file} [tool.headrace]", f"knows {', '.join(_BY_NAME)}", key, write)


def _value(
    setting: Setting,
    root: Path,
    table: Mapping[str, object],
    flags: Mapping[str, str | None],
    environ: Mapping[str, str],
) -> Value:
    """The strongest voice: flag, environment, pyproject, default."""
    flag = flags.get(setting.name)
    if flag is not None:
        return Value(setting, _rooted(setting, flag, Path.cwd()), f"--{setting.name}")
    if text := environ.get(setting.variable):
        return Value(setting, _rooted(setting, text, Path.cwd()), setting.variable)
    if setting.name in table:
        return Value(setting, _rooted(setting, str(table[setting.name]), root), str(root / "pyproject.toml"))
    base = root if setting.name == "state" else Path.cwd()
    return Value(setting, _rooted(setting, setting.default, base), "default")


def _rooted(setting: Setting, text: str, base: Path) -> str:
    if not setting.is_path:
        return text
    try:
        return str((base / Path(text).expanduser()).absolute())
    except RuntimeError:
        problem = Problem("setting-value", setting.name, "expects a path", f"{text}, a home that nobody has")
        raise BadInput(problem) from None


def _misfit(value: Value) -> Problem | None:
    where, choices = f"{value.setting.name} ({value.origin})", value.setting.choices
    try:
        if value.setting.reads:
            value.setting.reads(value.text)
    except UnitError as error:
        return Problem("setting-value", where, str(error), repr(value.text), f"Write {value.setting.default}")
    if not choices or value.text in choices:
        return None
    return Problem("setting-value", where, f"expects {' or '.join(choices)}", repr(value.text), f"Write {choices[0]}")


def project_root(folder: Path) -> Path:
    """The import root seen from ``folder``: where the nearest pyproject.toml is, else the folder itself."""
    candidates = (folder, *folder.parents)
    return next((each for each in candidates if (each / "pyproject.toml").is_file()), folder)
