"""Where an endpoint is: its URL as written, with what the environment puts into it, and taken apart. Opens no connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from headrace_dags.errors import EnvironmentLack, Location, Problem
from headrace_dags.graph import Graph
from headrace_dags.secrets.environment import Environment

SCHEMES = ("http", "https", "grpc", "grpcs")
EXAMPLE = '"https://host/v2/models/name"'
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PATH = re.compile(
    r"(?P<prefix>(?:/[\w.~%-]+)*?)/v2/models/(?P<model>[\w.~%-]+)(?:/versions/(?P<version>[\w.~%-]+))?/?"
)


class AddressMisfit(ValueError):
    """Raised for a URL that is no address of a model; its texts repeat neither credentials nor queries."""

    def __init__(self, expected: str, got: str, write: str) -> None:
        self.expected, self.got, self.write = expected, got, write
        super().__init__(f"{expected}, got {got}")


@dataclass(frozen=True, slots=True)
class Address:
    """A model of a server.

    Attributes:
        scheme: one of ``SCHEMES``.
        server: ``host`` or ``host:port``.
        prefix: what the server's path begins with; empty, or ``/and/so/on``.
        model: the model's name.
        version: its version; empty for the server's choice.
    """

    scheme: str
    server: str
    prefix: str
    model: str
    version: str = ""

    @property
    def is_grpc(self) -> bool:
        """Whether it speaks gRPC."""
        return self.scheme.startswith("grpc")

    @property
    def base(self) -> str:
        """What comes before ``/v2``."""
        return f"{self.scheme}://{self.server}{self.prefix}"

    def __str__(self) -> str:
        version = f"/versions/{self.version}" if self.version else ""
        return f"{self.base}/v2/models/{self.model}{version}"


def placeholder(url: str) -> str:
    """The variable that a URL begins with; empty where there is none."""
    match = _PLACEHOLDER.match(url)
    return match[1] if match else ""


def require_sense(url: str) -> None:
    """See that a URL as written may become an address.

    Raises:
        AddressMisfit: it cannot.
    """
    rest = _PLACEHOLDER.sub("", url, count=1) if placeholder(url) else url
    if "$" in rest:
        expected = "expects ${NAME} at the beginning, in the place of scheme and host"
        raise AddressMisfit(expected, shown(url), 'Write "${MODELS_URL}/v2/models/name"')
    if rest != url:
        parse(f"https://host{rest}" if rest else f"https://host{_ANY_MODEL}")
        return
    parse(url)


_ANY_MODEL = "/v2/models/any"


def resolve(url: str, environment: Environment, where: str, location: Location | None) -> Address:
    """The address of a URL as written, with what the environment says.

    Args:
        url: as written.
        environment: what the variable at its beginning is looked up in.
        where: the step.
        location: its line.

    Raises:
        EnvironmentLack: the variable has no value, or one that is no address (code ``remote-address``).
    """
    name = placeholder(url)
    value = environment.find(name) if name else ""
    if name and not value:
        expected = f"expects the address of its server as {name} in the environment or in {environment.file}"
        write = f"Write a line {name}=https://host into {environment.file}, or export {name}"
        raise EnvironmentLack(Problem("remote-address", where, expected, environment.got(name), write, location))
    try:
        return parse(url.replace(f"${{{name}}}", value.rstrip("/"), 1) if name else url)
    except AddressMisfit as misfit:
        expected = f"{misfit.expected} ({name} gives its beginning)"
        problem = Problem("remote-address", where, expected, misfit.got, misfit.write, location)
        raise EnvironmentLack(problem) from None


def require_addresses(graph: Graph, environment: Environment) -> dict[str, Address]:
    """The address of every remote step of a graph, by the node's name.

    Raises:
        EnvironmentLack: with every one that is not (code ``remote-address``).
    """
    found: dict[str, Address] = {}
    lacks: list[Problem] = []
    for node in graph.nodes:
        if node.step.remote:
            try:
                source = graph.sources.get(node.name)
                found[node.name] = resolve(node.step.remote.url, environment, node.name, source)
            except EnvironmentLack as lack:
                lacks += lack.problems
    if lacks:
        raise EnvironmentLack(lacks)
    return found


def parse(url: str) -> Address:
    """Take a URL apart.

    Raises:
        AddressMisfit: it is no address of a model, or holds what does not belong into code.
    """
    parts = _split(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise AddressMisfit(f"expects a URL of {', '.join(SCHEMES)}", shown(url), f"Write {EXAMPLE}")
    if "@" in parts.netloc:
        write = (
            'Write token=hr.Secret("API_TOKEN"), or headers={"Authorization": hr.Secret("API_TOKEN")} for Basic ...,'
            " and API_TOKEN=... into .env or the environment"
        )
        raise AddressMisfit("expects a URL without credentials", shown(url), write)
    if parts.query or parts.fragment:
        write = 'Leave it out; a key goes into headers={"X-Api-Key": hr.Secret("API_KEY")}, and API_KEY=... into .env or the environment'
        raise AddressMisfit("expects a URL without a query", shown(url), write)
    match = _PATH.fullmatch(parts.path)
    segments = parts.path.split("/")
    if not match or "." in segments or ".." in segments:
        raise AddressMisfit("expects the path of a model, /v2/models/NAME", shown(url), f"Write {EXAMPLE}")
    if parts.scheme.startswith("grpc") and match["prefix"]:
        raise AddressMisfit("gRPC has no path before /v2", shown(url), 'Write "grpcs://host:port/v2/models/name"')
    return Address(
        parts.scheme, parts.netloc, match["prefix"], unquote(match["model"]), unquote(match["version"] or "")
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # read: it raises where it is none
    except ValueError:
        raise AddressMisfit("expects a URL", "one that cannot be read", f"Write {EXAMPLE}") from None
    if any(each.isspace() or not each.isprintable() for each in url):
        raise AddressMisfit("expects a URL without spaces", "one with them", f"Write {EXAMPLE}")
    if not url.isascii():
        write = "Write the host as xn--..., and %XX for other characters of the path"
        raise AddressMisfit("expects a URL of ASCII", shown(url), write)
    return parts


def shown(url: str) -> str:
    """A URL for a message: without credentials and query."""
    plain, *more = re.split(r"[?#]", url, maxsplit=1)
    scheme, slashes, rest = plain.rpartition("://")
    server, slash, path = rest.partition("/")
    hidden = f"***@{server.rpartition('@')[2]}" if "@" in server else server
    return f"{scheme}{slashes}{hidden}{slash}{path}{'?***' if more else ''}"
