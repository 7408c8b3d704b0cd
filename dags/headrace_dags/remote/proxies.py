"""The proxy through which a server is reached, as the environment says."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore2


def proxy_of(base: str) -> httpcore2.Proxy | None:
    """The proxy for a server: ``HTTPS_PROXY``, ``HTTP_PROXY`` or ``ALL_PROXY``, unless ``NO_PROXY`` names the server.

    Args:
        base: the server's URL.
    """
    server, named = urlsplit(base), getproxies()
    url = named.get(server.scheme) or named.get("all")
    if not url or proxy_bypass(server.netloc):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.username is None:
        return httpcore2.Proxy(place)
    return httpcore2.Proxy(place, auth=(unquote(parts.username), unquote(parts.password or "")))
