"""The network of containers that need none: ports of this machine lead in, nothing leads out."""

from __future__ import annotations

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.container.asking import ask
from headrace_serving.container.engine import Engine, Program

CLOSED = "headrace-closed"
"""Name of the network. It is made once and stays: it costs nothing."""

_BRIDGE = "com.docker.network.bridge"
_FLAGS: dict[Program, tuple[str, ...]] = {
    # Docker publishes no port of an internal network. Without a masquerade no answer finds the way back, names included.
    "docker": ("--opt", f"{_BRIDGE}.enable_ip_masquerade=false", "--opt", f"{_BRIDGE}.enable_icc=false"),
    # Without name service, for Podman's would have to be installed for it.
    "podman": ("--internal", "--disable-dns"),
}


async def require_network(engine: Engine, name: str) -> None:
    """Make the closed network where ``name`` asks for it and the engine does not have it.

    Raises:
        EnvironmentLack: code ``container-network``.
    """
    if name != CLOSED or not (await ask(engine, "network", "inspect", name)).code:
        return
    made = await ask(engine, *create_command(engine))
    if made.code and (await ask(engine, "network", "inspect", name)).code:  # else another driver was faster
        expected = f"expects {engine.kind} to make a network that leads nowhere"
        write = 'Mend what it names, or let steps reach the network: container_network = "open"'
        raise EnvironmentLack(Problem("container-network", "runtime container", expected, made.complaint, write))


def create_command(engine: Engine) -> tuple[str, ...]:
    """The words that make the network."""
    return ("network", "create", "--label", "dev.headrace.network=closed", *_FLAGS[engine.kind], CLOSED)
