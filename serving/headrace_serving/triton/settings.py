"""How a server is to be started, and where it then answers. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from headrace_serving.triton.ports import LOOPBACK

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 100),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)
"""Options for a gRPC channel to the server: one that was restarted is found again within 0.1 s.

What gRPC calls the least backoff is the time that an attempt to connect may take: a busy server needs some.
"""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What to start and how.

    Attributes:
        repository: the model repository.
        models: the models to load; members of ensembles may be left out.
        folder: the server's own folder, made where missing: its log (``triton.log``) and its backends.
        grpc_port: port on the loopback interface; 0 is any free one.
        metrics_port: the same for the metrics.
        needs: models that a model calls while it works (not through an ensemble, which is known): they fail together.
        environment: variables for the models, over those of the driver.
        arguments: further arguments of tritonserver.
        start_timeout_s: most seconds until every model is loaded and the probe has passed; also for each repair.
        exit_timeout_s: seconds that the server gives calls in flight and its models' ``finalize`` when it stops, which
            takes at least one second a model instance; 0 ends everything at once.
        reserve_shm_bytes: shared memory that must be free beside that of fresh stubs.
        reserve_disk_bytes: disk that must be free in ``folder``.
    """

    repository: Path
    models: tuple[str, ...]
    folder: Path
    grpc_port: int = 0
    metrics_port: int = 0
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    arguments: tuple[str, ...] = ()
    start_timeout_s: float = 120.0
    exit_timeout_s: int = 3
    reserve_shm_bytes: int = 8 << 20
    reserve_disk_bytes: int = 16 << 20

    @property
    def log(self) -> Path:
        """The file that the server and its models write to."""
        return self.folder / "triton.log"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server answers.

    Attributes:
        grpc_port: OIP v2 over gRPC.
        metrics_port: Prometheus metrics over HTTP.
    """

    grpc_port: int
    metrics_port: int

    @property
    def grpc(self) -> str:
        """Address for a gRPC client: ``host:port``."""
        return f"{LOOPBACK}:{self.grpc_port}"

    @property
    def metrics(self) -> str:
        """URL of the metrics."""
        return f"http://{LOOPBACK}:{self.metrics_port}/metrics"
