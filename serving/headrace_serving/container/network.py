"""The network of containers that need none: ports of this machine lead in, nothing leads out to another machine.

What listens on all addresses of this machine is in reach where the engine runs on it: the ports that lead in need the bridge.
"""

from __future__ import annotations

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.container.asking import ask
from headrace_serving.container.engine import Engine

NAME = "headrace-closed"
"""The network is made once and stays: it costs nothing."""
_LABEL = "dev.headrace.network=closed"

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
    found = await _made(engine)
    if not found:
        made = await ask(engine, *create_command(engine))
        found = await _made(engine)  # also where another driver was faster
        if not found:
            expected = f"expects {engine.kind} to make a network that leads nowhere"
            write = 'Mend what it names, or let steps reach the network: container_network = "open"'
            raise EnvironmentLack(Problem("container-network", "runtime container", expected, made.complaint, write))
    return found


def create_command(engine: Engine) -> tuple[str, ...]:
    """The words that make the network."""
    flags = _OF_DOCKER if engine.kind == "docker" else _OF_PODMAN
    return ("network", "create", "--label", _LABEL, *flags, NAME)


async def _made(engine: Engine) -> str:
    """What names our network; empty where there is none.

    Docker gives one name to several networks where drivers make them at the same moment, and then takes the name for none of them:
    so it is known by its id, and by its label, not by its name alone.
    """
    kind = "{{.ID}}" if engine.kind == "docker" else "{{.Name}}"
    words = ("--format", kind, "--filter", f"label={_LABEL}", "--filter", f"name=^{NAME}$")
    listed = await ask(engine, "network", "ls", *words)
    return min(listed.text.split(), default="")
