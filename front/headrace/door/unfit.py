"""The one exception inside the door: a value that does not fit its port."""

from __future__ import annotations

from headrace_dags.misfit import Misfit


class Unfit(Exception):
    """Raised for a value that does not fit; holds the misfit."""

    def __init__(self, code: str, expected: str, got: str = "", write: str = "") -> None:
        self.misfit = Misfit(code, expected, got, write)
        super().__init__(str(self.misfit))

    @staticmethod
    def of(misfit: Misfit) -> Unfit:
        """The exception for a misfit that somebody else found."""
        return Unfit(misfit.code, misfit.expected, misfit.got, misfit.write)
