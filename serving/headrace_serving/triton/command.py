"""The command line and environment of a server. Starts nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.triton.ports import LOOPBACK
from headrace_serving.triton.probe import Installation
from headrace_serving.triton.process import ServerCommand
from headrace_serving.triton.settings import Endpoint, ServerSettings


def server_command(
    settings: ServerSettings, parts: Installation, endpoint: Endpoint, identity: str, address: str = LOOPBACK
) -> ServerCommand:
    """What to start for ``settings``.

    Args:
        settings: what is wanted.
        parts: the server of the wheel.
        endpoint: ports that are thought to be free.
        identity: a name that no other server bears; it is the server's id and begins its shared memory regions' names.
        address: of the interface that it listens on.
    """
    backends = link_backends(parts, settings.folder)
    return ServerCommand(
        arguments=(
            str(parts.server),
            *_arguments(settings, endpoint, backends, identity, address),
            *settings.arguments,
        ),
        environment=_environment(settings, parts),
        log=settings.log,
        python=parts.programs / "python3",
        region_prefix=identity,
    )


def link_backends(parts: Installation, folder: Path) -> Path:
    """Make the backend folder, which needs a stub beside the backend's files, from links: half a millisecond, no copy.

    Raises:
        EnvironmentLack: code ``disk``: ``folder`` takes no files (a full disk), or no links.
    """
    python = folder / "backends" / "python"
    try:
        python.mkdir(parents=True, exist_ok=True)
        for source in (*(path for path in parts.backend.iterdir() if path.is_file()), parts.stub):
            link = python / source.name
            link.unlink(missing_ok=True)
            link.symlink_to(source)
    except OSError as error:
        expected = "the server's folder takes links to its backend"
        write = "Free some space, or choose a folder on a file system with symbolic links"
        raise EnvironmentLack(Problem("disk", str(folder), expected, str(error), write)) from None
    return python.parent.resolve()


def _arguments(
    settings: ServerSettings, endpoint: Endpoint, backends: Path, identity: str, address: str
) -> Iterator[str]:
    yield f"--id={identity}"
    yield f"--model-repository={settings.repository.resolve()}"
    yield f"--backend-directory={backends}"
    yield "--model-control-mode=explicit"
    yield from (f"--load-model={model}" for model in settings.models)
    # Without this each start runs every model once more to complete its configuration.
    yield "--disable-auto-complete-config"
    # The server stays when a model fails, so that its index tells the reason of each that did.
    yield "--exit-on-error=false"
    yield f"--exit-timeout-secs={settings.exit_timeout_s}"
    yield f"--backend-config=python,shm-region-prefix-name={identity}"
    yield f"--backend-config=python,stub-timeout-seconds={max(1, round(settings.start_timeout_s))}"
    yield "--allow-http=false"
    yield f"--grpc-address={address}"
    yield f"--grpc-port={endpoint.grpc_port}"
    yield f"--metrics-address={address}"
    yield f"--metrics-port={endpoint.metrics_port}"


def _environment(settings: ServerSettings, parts: Installation) -> dict[str, str]:
    variables = {**os.environ, **settings.environment}
    # A PYTHONHOME of the driver would send the stubs to the packages of another Python.
    variables.pop("PYTHONHOME", None)
    variables["PATH"] = _joined(str(parts.programs), variables.get("PATH", os.defpath))
    libraries = (str(folder) for folder in parts.libraries)
    variables["LD_LIBRARY_PATH"] = _joined(*libraries, variables.get("LD_LIBRARY_PATH", ""))
    return variables


def _joined(*paths: str) -> str:
    return os.pathsep.join(path for path in paths if path)
