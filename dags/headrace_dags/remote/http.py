"""Requests over HTTP, and what their statuses mean. By httpcore2, and not httpx2 above it, as it follows nothing and keeps nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from headrace_dags.remote.contract import Limits
from headrace_dags.remote.deadlines import Deadlines
from headrace_dags.remote.failing import EndpointFailed, Kind
from headrace_dags.remote.proxies import proxy_of
from headrace_dags.running.waiting import ended_by

CONNECT_S = 5.0
_KEPT_S = 5.0
"""So long a connection is kept that nobody uses: servers close theirs soon, and a request that meets that is lost."""
_LONGEST_S = 86_400.0
_REASON_CHARACTERS = 500
_LOCKED_OUT = frozenset({401, 403, 407})
_UNKNOWN = frozenset({404, 501, 505})
_AWAY = frozenset({429, 502, 503, 504})
_ANY = MappingProxyType({"Accept": "*/*", "Accept-Encoding": "identity"})
"""Identity, or a small answer could be a large one."""
_NO_ANSWERS = frozenset({"unavailable", "timeout", "step"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        status: the status.
        phrase: its words.
        headers: by name in lower case.
        content: the body.
    """

    status: int
    phrase: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_good(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300


class Http:
    """A connection to one server. Follows no redirect and keeps no cookie: each request goes where the code says, as it says.

    Args:
        base: what every URL begins with.
        headers: sent with every request.
        limits: of each request.
    """

    def __init__(self, base: str, headers: Mapping[str, str], limits: Limits) -> None:
        self.base = base
        self._limits = limits
        self._headers = {"Host": urlsplit(base).netloc, "User-Agent": "headrace", **_ANY, **headers}
        self._deadlines = Deadlines()
        self._pool = httpcore2.ConnectionPool(
            proxy=proxy_of(base),
            max_connections=None,
            max_keepalive_connections=None,
            keepalive_expiry=_KEPT_S,
            network_backend=self._deadlines,
        )

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to a request, which is a good one.

        Raises:
            EndpointFailed: there is none, or it says what went wrong.
        """
        return self._good(path, self._ask("POST", path, self._limits, content, headers))

    def get(self, path: str) -> Answer:
        """The answer to a question, which is a good one.

        Raises:
            EndpointFailed: there is none, or it says what went wrong.
        """
        return self._good(path, self.ask(path))

    def ask(self, path: str) -> Answer:
        """The answer to a question, good or not; of a server that is away, busy or broken there is none.

        Raises:
            EndpointFailed: there is none.
        """
        answer = self._ask("GET", path, self._limits.of_questions)
        return answer if answer.is_good or _kind(answer.status) not in _NO_ANSWERS else self._good(path, answer)

    def _good(self, path: str, answer: Answer) -> Answer:
        if answer.is_good:
            return answer
        kind = _kind(answer.status)
        after_s = _retry_after_s(answer.headers.get("retry-after", "")) if kind == "unavailable" else 0.0
        raise EndpointFailed(kind, _said(f"{self.base}{path}", answer), after_s=after_s)

    def _ask(
        self,
        method: str,
        path: str,
        limits: Limits,
        content: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        request = self._deadlines.begin(limits.timeout_s)
        try:
            with ended_by(request.end):
                return self._exchanged(method, f"{self.base}{path}", limits, content, headers)
        except EndpointFailed:
            if request.is_ended:
                raise EndpointFailed("unavailable", f"{self.base}{path}: given up") from None
            raise

    def _exchanged(
        self, method: str, url: str, limits: Limits, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        connect_s = min(CONNECT_S, limits.timeout_s)
        sent = [*self._headers.items(), *headers.items()]
        limit = {"timeout": {"connect": connect_s}}
        try:
            with self._pool.stream(method, url, headers=sent, content=content, extensions=limit) as response:
                return _whole(url, response, limits)
        except httpcore2.ConnectTimeout:
            raise EndpointFailed("unavailable", f"{url}: no connection within {connect_s:g} s") from None
        except httpcore2.TimeoutException:
            raise EndpointFailed("timeout", f"{url}: no answer within {limits.timeout_s:g} s") from None
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError, httpcore2.ProxyError) as error:
            untrusted = any(isinstance(each, SSLCertVerificationError) for each in error.args)
            kind: Kind = "environment" if untrusted else "unavailable"
            raise EndpointFailed(kind, f"{url}: {error or type(error).__name__}") from None
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ValueError) as error:
            raise EndpointFailed("load", f"{url}: {type(error).__name__}: {error}") from None


def _whole(url: str, response: httpcore2.Response, limits: Limits) -> Answer:
    content = bytearray()
    for part in response.iter_stream():
        content += part
        if len(content) > limits.most_bytes:
            text = f"{url}: expects an answer of at most {limits.most_bytes} bytes (max_answer), got more"
            raise EndpointFailed("output", text)
    found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    phrase: bytes = response.extensions.get("reason_phrase", b"")
    return Answer(response.status, phrase.decode("latin-1"), found, bytes(content))


def parsed(content: bytes) -> Any:
    """What JSON holds.

    Raises:
        ValueError: it is none, or nested so deep that nobody reads it.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None


def _kind(status: int) -> Kind:
    if status in _LOCKED_OUT:
        return "environment"
    if status < 400 or status in _UNKNOWN:
        return "load"
    if status == 408:
        return "timeout"
    if status in _AWAY:
        return "unavailable"
    return "input" if status < 500 else "step"


def _retry_after_s(text: str) -> float:
    """What ``Retry-After`` says, as seconds or as a date; 0 for nothing that can be read, a day at most."""
    if text.strip().isdecimal():
        return min(float(text), _LONGEST_S)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # of a date with numbers that no date has
        return 0.0
    return min(max(0.0, (when - datetime.now(UTC if when.tzinfo else None)).total_seconds()), _LONGEST_S)


def _said(url: str, answer: Answer) -> str:
    """The status, and the reason that the body gives."""
    text = f"{url} answered {answer.status} {answer.phrase[:_REASON_CHARACTERS]}".rstrip()
    if 300 <= answer.status < 400:
        where = answer.headers.get("location", "the new place")[:_REASON_CHARACTERS]
        return f"{text}: redirects are not followed; write {where} where that is meant"
    reason = _reason(answer.content).strip()
    return f"{text}: {reason[:_REASON_CHARACTERS]}" if reason else text


def _reason(content: bytes) -> str:
    """The words of an error, which protocols and frameworks wrap differently."""
    body = content.decode(errors="replace")
    try:
        found = parsed(content)
    except ValueError:
        return body
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and key in found:
            found = found[key]
    return found if isinstance(found, str) else body
