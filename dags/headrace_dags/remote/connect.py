"""Find the endpoint of a remote step: its address, its headers with the values of secrets, and the client for its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import EnvironmentLack, Location, Problem
from headrace_dags.graph import Remote, SecretRef
from headrace_dags.remote.address import Address, placeholder, resolve
from headrace_dags.remote.contract import Endpoint, Limits
from headrace_dags.remote.failing import EndpointFailed
from headrace_dags.secrets.environment import Environment
from headrace_dags.secrets.redact import Redactor

_AUTHORITIES = ("SSL_CERT_FILE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
"""Where each protocol's client looks for a file of authorities."""


class Connection:
    """The endpoint of one step. Nothing is sent before it is asked.

    Args:
        declaration: the step.
        root: the import root, where ``.env`` may lie.

    Attributes:
        address: the model's.
        redact: blacks the values of the step's secrets out of texts.

    Raises:
        EnvironmentLack: a secret or the address has no value, or one that cannot be sent.
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
        self._require_lines(declaration.ref.secrets, values)

    def _require_lines(self, refs: Mapping[str, SecretRef], values: Mapping[str, str]) -> None:
        """See that the secrets can be sent: clients name what they refuse, and would do so with the value."""
        for name, value in values.items():
            if not (value.isascii() and value.isprintable()):
                expected = f"expects the secret {refs[name].secret} to be one line of ASCII, for it is sent as a header"
                problem = Problem(
                    "remote-secret", self._where, expected, "another", "Correct its value", self._location
                )
                raise EnvironmentLack(problem)

    def endpoint(self) -> Endpoint:
        """A client.

        Raises:
            EnvironmentLack: a package is not installed.
        """
        try:
            return _client(self.address, self._headers, Limits(self._remote.timeout_s, self._remote.most_bytes))
        except ImportError as error:
            raise EnvironmentLack(_not_installed(error.name, self._where, self._location)) from error

    def away(self, failed: EndpointFailed) -> Problem:
        """What is said of an endpoint that is not there, or not for us."""
        name = placeholder(self._remote.url)
        write = f"Correct {name or 'the URL'}, or load the model on that server"
        if "CERTIFICATE" in str(failed):
            write = f"Name who signed its certificate in {_AUTHORITIES[self.address.is_grpc]}"
        elif failed.kind == "environment":
            write = "Give a token or header that lets it in: token=hr.Secret(...)"
        expected = f"expects the model {self.address.model} at {self.address.base}"
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
