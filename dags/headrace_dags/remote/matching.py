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
        self._failed: EndpointFailed | None = None
        self._times = 0
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
        """The slots; asked for now, where nobody answered before. Who comes while another asks gets what that one gets.

        Raises:
            EndpointFailed: there are none.
        """
        times = self._times
        with self._asking:
            if self._slots:
                return self._slots
            if self._failed is None or self._times == times:
                self._ask_again()
            if self._slots:
                return self._slots
            assert self._failed, "it has just been asked"
            raise self._failed.retold(str)

    def _ask_again(self) -> None:
        self._times += 1
        try:
            self._slots = self._asked()
        except EndpointFailed as failed:
            self._failed = failed
        except DefinitionError as error:
            self._failed = EndpointFailed("load", str(error))

    def _asked(self) -> Slots:
        where = str(self._connection.address)
        matched = match(self._declaration, self.endpoint.spec(), where)
        if isinstance(matched, list):
            raise DefinitionError(matched)
        return matched
