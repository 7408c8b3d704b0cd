"""Find the endpoint of a remote step: its address, its headers with the values of secrets, and the client for its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import EnvironmentLack, Location, Problem
from headrace_dags.graph import Remote
from headrace_dags.remote.address import Address, placeholder, resolve
from headrace_dags.remote.contract import Endpoint, Limits, ModelSpec
from headrace_dags.remote.failing import EndpointFailed
from headrace_dags.remote.retrying import persistent
from headrace_dags.secrets.environment import Environment
from headrace_dags.secrets.redact import Redactor

_QUESTION_S = 10.0
"""So long a server may take to say what a model is."""


class Connection:
    """The endpoint of one step. Nothing is sent before it is asked.

    Args:
        declaration: the step.
        root: the import root, where ``.env`` may lie.

    Attributes:
        address: the model's.
        redact: blacks the values of the step's secrets out of texts.

    Raises:
        EnvironmentLack: the client is not installed, or a secret or the address has no value.
    """

    def __init__(self, declaration: Declaration, root: Path) -> None:
        assert declaration.ref.remote, "the step is a remote one"
        self._remote: Remote = declaration.ref.remote
        self._where, self._location = declaration.body.__name__, declaration.location
        environment = Environment.at(root)
        self.address = resolve(self._remote.url, environment, self._where, self._location)
        values = {name: environment.value(ref.secret) for name, ref in declaration.ref.secrets.items()}
        self.redact = Redactor.of(values.values())
        self._headers = _headers(self._remote.headers, values)

    def endpoint(self, timeout_s: float | None = None) -> Endpoint:
        """A client; ``timeout_s`` shortens its requests.

        Raises:
            EnvironmentLack: a package is not installed.
        """
        limit_s = min(timeout_s or self._remote.timeout_s, self._remote.timeout_s)
        try:
            return _client(self.address, self._headers, Limits(limit_s, self._remote.most_bytes))
        except ImportError as error:
            raise EnvironmentLack(_not_installed(error.name, self._where, self._location)) from error

    def spec(self) -> ModelSpec:
        """What the server says of the model.

        Raises:
            EnvironmentLack: it does not answer, does not let us in, or has no such model (code ``remote-away``).
        """
        endpoint = self.endpoint(_QUESTION_S)
        try:
            return persistent(endpoint.spec, self._remote.retries)
        except EndpointFailed as failed:
            raise EnvironmentLack(self._away(failed)) from None

    def _away(self, failed: EndpointFailed) -> Problem:
        name = placeholder(self._remote.url)
        advice = {
            "environment": "Give a token or header that lets it in: token=hr.Secret(...)",
            "load": "Correct the URL, or load the model on that server",
        }
        start = f"Start the server, or set {name}" if name else "Start the server, or correct the URL"
        expected = f"expects the model {self.address.model} at {self.address.base}"
        write = advice.get(failed.kind, start)
        return Problem("remote-away", self._where, expected, self.redact(str(failed)), write, self._location)


def _headers(plain: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    hidden = {name.removeprefix("headers."): value for name, value in secrets.items() if name != "token"}
    token = {"Authorization": f"Bearer {secrets['token']}"} if "token" in secrets else {}
    return {**plain, **hidden, **token}


def _client(address: Address, headers: Mapping[str, str], limits: Limits) -> Endpoint:
    if address.is_grpc:
        from headrace_dags.remote.rpc import RpcEndpoint

        return RpcEndpoint(address, headers, limits)
    from headrace_dags.remote.http import Http
    from headrace_dags.remote.rest import RestEndpoint

    return RestEndpoint(Http(address.base, headers, limits), address)


def _not_installed(package: str | None, where: str, location: Location) -> Problem:
    install, expected = "Run `pip install 'headrace[remote]'`", "remote steps need their client"
    return Problem("extra-remote", where, expected, f"no package {package}", install, location)
