"""Where values of secrets come from: the environment, then ``.env`` at the import root. Reads; writes and exports nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem

FILE = ".env"


@dataclass(frozen=True)
class Environment:
    """What can be looked up for code under one import root.

    Attributes:
        root: the import root.
        variables: the environment, which wins over the file.
    """

    root: Path
    variables: Mapping[str, str] = field(repr=False)

    @classmethod
    def at(cls, root: Path) -> Environment:
        """This process's environment, and the file at ``root``."""
        return cls(root, os.environ)

    @property
    def file(self) -> Path:
        """The file; it need not be there."""
        return self.root / FILE

    def origin(self, name: str) -> str:
        """Who gives the value: ``environment``, the file's path, or nobody (empty). A value of no characters is none."""
        if self.variables.get(name):
            return "environment"
        return str(self.file) if self._written.get(name) else ""

    def find(self, name: str) -> str:
        """The value; empty where there is none."""
        return self.variables.get(name) or self._written.get(name) or ""

    def value(self, name: str) -> str:
        """The value.

        Raises:
            EnvironmentLack: there is none.
        """
        if found := self.find(name):
            return found
        raise EnvironmentLack(Problem("secret-missing", name, self.expected(name), self.got(name), self.advice(name)))

    def expected(self, name: str) -> str:
        """What a problem says where the value is missing."""
        return f"expects the secret {name} in the environment or in {self.file}"

    def got(self, name: str) -> str:
        """What there is instead."""
        return "an empty one" if name in self.variables or name in self._written else "none"

    def advice(self, name: str) -> str:
        """What to do about it."""
        return f"Write a line {name}=... into {self.file}, or export {name}"

    @cached_property
    def _written(self) -> Mapping[str, str | None]:
        """What the file says, taken as it stands: a ``$`` in a password stands for itself.

        Raises:
            EnvironmentLack: the file is there and cannot be read.
        """
        if not self.file.is_file():  # a folder of that name is somebody's virtual environment
            return {}
        from dotenv import dotenv_values

        try:
            return dotenv_values(self.file, interpolate=False, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            expected = "expects lines NAME=value in UTF-8"
            raise EnvironmentLack(Problem("env-file", str(self.file), expected, type(error).__name__)) from None
