"""``hr.Secret``: the name of a secret in code, its value where the step runs. Nothing that makes text of it shows the value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from headrace_dags.declare.options import caller_line

if TYPE_CHECKING:
    from headrace_dags.secrets.environment import Environment

__all__ = ("HIDDEN", "Secret")

HIDDEN = "***"
"""What stands where a value is left out."""


class Secret:
    """A value that is read from the environment or from ``.env``, and is written down nowhere.

    As configuration of a class step (``token: hr.Secret = hr.Secret("API_TOKEN")``) or in a header of a remote step. Only
    the name enters the graph and the plan. Two secrets are equal when they have one name.

    Args:
        name: the environment variable that holds it.

    Attributes:
        name: likewise.
    """

    __module__ = "headrace"
    __slots__ = ("_file", "_value", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._file = caller_line()[0]
        self._value: str | None = None

    @classmethod
    def of(cls, name: str, environment: Environment) -> Self:
        """The secret with its value.

        Raises:
            EnvironmentLack: there is none (code ``secret-missing``).
        """
        made = cls(name)
        made._value = environment.value(name)
        return made

    def reveal(self) -> str:
        """The value. Outside a run it is read now, ``.env`` being looked for at the import root of the file that names it.

        Raises:
            EnvironmentLack: there is none (code ``secret-missing``).
        """
        if self._value is None:
            from headrace_dags.project.importroot import import_root
            from headrace_dags.secrets.environment import Environment

            self._value = Environment.at(import_root(Path(self._file))).value(self.name)
        return self._value

    def __str__(self) -> str:
        return HIDDEN

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its name alone: another process reads the value for itself."""
        return Secret, (self.name,)
