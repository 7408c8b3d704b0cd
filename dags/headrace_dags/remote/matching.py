"""Ask an endpoint once what it serves, and compare that with its step: at the start, or where nobody answers then, later."""

from __future__ import annotations

from threading import Lock

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import DefinitionError, EnvironmentLack
from headrace_dags.remote.connect import Connection
from headrace_dags.remote.contract import Endpoint
from headrace_dags.remote.failing import EndpointFailed
from headrace_dags.remote.slots import Slots, match

_LATER = frozenset({"unavailable", "timeout", "step"})
"""What may be otherwise when the step is called; perhaps it never is, or something else is taken in its place."""


class Matching:
    """The ports of a step beside the tensors of its model. May be asked from several threads at once.

    Args:
        declaration: the step.
        connection: where its endpoint is.

    Attributes:
        endpoint: the client of it.

    Raises:
        EnvironmentLack: a package is not installed.
    """

    def __init__(self, declaration: Declaration, connection: Connection) -> None:
        self._declaration, self._connection = declaration, connection
        self.endpoint: Endpoint = connection.endpoint()
        self._slots: Slots | None = None
        self._asking = Lock()

    def early(self) -> None:
        """Ask before the first call; where nobody answers nothing is said.

        Raises:
            DefinitionError: the model's tensors are not those of the step.
            EnvironmentLack: the server does not let us in, or has no such model (code ``remote-away``).
        """
        try:
            self._slots = self._asked()
        except EndpointFailed as failed:
            if failed.kind not in _LATER:
                raise EnvironmentLack(self._connection.away(failed)) from None

    def slots(self) -> Slots:
        """The slots; asked for now, where nobody answered before.

        Raises:
            EndpointFailed: there are none.
        """
        with self._asking:
            try:
                self._slots = self._slots or self._asked()
            except DefinitionError as error:
                raise EndpointFailed("load", str(error)) from None
            return self._slots

    def _asked(self) -> Slots:
        where = str(self._connection.address)
        matched = match(self._declaration, self.endpoint.spec(), where)
        if isinstance(matched, list):
            raise DefinitionError(matched)
        return matched
