"""The network of containers that need none: ports of this machine lead in, nothing leads out to another machine."""

from __future__ import annotations

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.container.asking import ask
from headrace_serving.container.engine import Engine

NAME = "headrace-closed"
"""The network is made once and stays: it costs nothing."""

# Networks that engines call internal publish no ports. Without a masquerade, or without a route, no answer comes from outside.
_BRIDGE = "com.docker.network.bridge"
_OF_DOCKER = ("--opt", f"{_BRIDGE}.enable_ip_masquerade=false", "--opt", f"{_BRIDGE}.enable_icc=false")
_OF_PODMAN = ("--opt", "no_default_route=1", "--disable-dns")
_OF_CNI = "slirp4netns:outbound_addr=127.0.0.1,enable_ipv6=false"
"""CNI has no such network; but its Podman comes with a stack in user space, which can be bound to the loopback interface."""


async def closed(engine: Engine) -> str:
    """What ``--network`` gets for a container that is to reach nothing; the network is made where it is missing.

    Raises:
        EnvironmentLack: code ``container-network``.
    """
    if engine.cni:
        return _OF_CNI
    if not await _is_there(engine):
        made = await ask(engine, *create_command(engine))
        if made.code and not await _is_there(engine):  # else another driver was faster
            expected = f"expects {engine.kind} to make a network that leads nowhere"
            write = 'Mend what it names, or let steps reach the network: container_network = "open"'
            raise EnvironmentLack(Problem("container-network", "runtime container", expected, made.complaint, write))
    return NAME


def create_command(engine: Engine) -> tuple[str, ...]:
    """The words that make the network."""
    flags = _OF_DOCKER if engine.kind == "docker" else _OF_PODMAN
    return ("network", "create", "--label", "dev.headrace.network=closed", *flags, NAME)


async def _is_there(engine: Engine) -> bool:
    return not (await ask(engine, "network", "inspect", NAME)).code
