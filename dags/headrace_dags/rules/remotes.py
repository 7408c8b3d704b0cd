"""Rules for remote steps: where they are called, with which headers and limits, and what travels. Shows no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from headrace_dags.declare.units import UnitError, size_bytes
from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.remote.address import EXAMPLE, AddressMisfit, require_sense
from headrace_dags.rules.names import listed, meant
from headrace_dags.rules.options import duration
from headrace_dags.rules.secrets import secret_name
from headrace_dags.secrets.secret import Secret

_HEADER = re.compile(r"[A-Za-z0-9-]+")
_OWN = frozenset(
    [
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "inference-header-content-length",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ]
)
"""Headers that the protocols write themselves; gRPC keeps ``grpc-`` and ``-bin`` to itself."""
_TELLING = re.compile(r"authorization|cookie|token|secret|password|passwd|credential|api-?key|signature|session")


def remote_url(url: Any) -> Misfit | None:
    """``remote-url``: a URL names a model of a server, and holds no secret."""
    if not isinstance(url, str):
        got = "" if callable(url) else type(url).__name__
        return Misfit("remote-url", "expects the URL of a model", got, f"Write @hr.remote({EXAMPLE})")
    try:
        require_sense(url)
    except AddressMisfit as misfit:
        return Misfit("remote-url", misfit.expected, misfit.got, misfit.write)
    return None


def remote_headers(options: Mapping[str, Any]) -> list[Misfit]:
    """``remote-header``, ``secret-name``: headers are texts that may be shown, or secrets by name."""
    token, headers = options.get("token"), options.get("headers", {})
    found = [_token(token)]
    if not isinstance(headers, Mapping):
        write = 'Write headers={"X-Team": "vision"}'
        found.append(
            Misfit("remote-header", "headers expects a dict of names and values", type(headers).__name__, write)
        )
        return [each for each in found if each]
    found += [_header(name, value) for name, value in headers.items()]
    names = [str(name).lower() for name in headers]
    if isinstance(token, Secret) and "authorization" in names:
        got = "both of them"
        found.append(Misfit("remote-header", "expects token= or an Authorization header", got, "Leave one out"))
    if len(set(names)) < len(names):
        found.append(Misfit("remote-header", "expects each header once", "one twice", "Leave one out"))
    return [each for each in found if each]


def _token(token: Any) -> Misfit | None:
    if token is None:
        return None
    if isinstance(token, Secret):
        return secret_name(token.name)
    write = 'Write token=hr.Secret("API_TOKEN"), and API_TOKEN=... into .env or the environment'
    return Misfit("remote-header", "token expects hr.Secret", "a value in the code", write)


def _header(name: Any, value: Any) -> Misfit | None:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        return Misfit("remote-header", "expects a header's name, of letters, digits and -", f"{name!r}", "Rename it")
    if name.lower() in _OWN or name.lower().startswith("grpc-") or name.lower().endswith("-bin"):
        return Misfit("remote-header", f"the protocol keeps {name} to itself", "another one", "Leave it out")
    if isinstance(value, Secret):
        return secret_name(value.name)
    write = f'Write headers={{"{name}": hr.Secret("API_KEY")}}, and API_KEY=... into .env or the environment'
    if _TELLING.search(name.lower()):
        return Misfit("remote-header", f"{name} expects hr.Secret", "a value in the code", write)
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return None
    return Misfit("remote-header", f"{name} expects a text of ASCII or hr.Secret", type(value).__name__, write)


def calling(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[Misfit]]:
    """``option-value``: limits of requests make sense.

    Returns:
        The fields of a :class:`~headrace_dags.graph.Remote` that are said, and what is wrong.
    """
    misfits: list[Misfit] = []
    found: dict[str, Any] = {}
    if timeout_s := duration("timeout", options.get("timeout"), misfits.append):
        found["timeout_s"] = timeout_s
    if "max_answer" in options:
        found |= _most_bytes(options["max_answer"], misfits)
    if "concurrency" in options:
        found |= _concurrency(options["concurrency"], misfits)
    return found, misfits


def _most_bytes(text: Any, misfits: list[Misfit]) -> dict[str, int]:
    try:
        return {"most_bytes": size_bytes(text)}
    except UnitError as error:
        misfits.append(Misfit("option-value", f"max_answer {error}", f"{text!r}", 'Write max_answer="64Mi"'))
        return {}


def _concurrency(value: Any, misfits: list[Misfit]) -> dict[str, int]:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return {"concurrency": value}
    expected = "concurrency expects a whole number, 1 or more"
    misfits.append(Misfit("option-value", expected, f"{value!r}", "Write concurrency=8"))
    return {}


def remote_port(port: Port) -> Misfit | None:
    """``remote-port``: each port is one tensor of one item, or of a batch of them."""
    if port.many:
        write = "Take one item and call the step with .map, or declare it with size= and hr.Batch"
        return Misfit("remote-port", "a remote step takes and gives single values", str(port), write)
    if port.optional:
        write = "Put it behind hr.when or hr.optional in the dag"
        return Misfit("remote-port", "a tensor is always there", str(port), write)
    return None


def tensor_name(option: str, names: Any, ports: Sequence[str]) -> Misfit | None:
    """``tensor-name``: a mapping of tensors names ports that exist, and each tensor once."""
    example = f'Write {option}={{"{next(iter(ports), "port")}": "TENSOR"}}'
    if not isinstance(names, Mapping) or not all(isinstance(each, str) and each for each in (*names, *names.values())):
        return Misfit("tensor-name", f"{option} expects names of ports and of tensors", f"{names!r}", example)
    odd = next((name for name in names if name not in ports), None)
    if odd is not None:
        near = meant(odd, list(ports))
        write = f"Write {near}" if near else example
        return Misfit("tensor-name", f"{option} expects names among {listed(list(ports))}", repr(odd), write)
    values = [names.get(port, port) for port in ports]
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is None:
        return None
    return Misfit("tensor-name", f"{option} expects each tensor once", f"{twice!r} twice", "Give each port its own")
