"""What the driver and the part inside the container say to each other: one JSON record a line."""

from __future__ import annotations

from typing import Literal

from headrace_dags.record import Record


class Server(Record):
    """The server to start.

    Attributes:
        identity: its id; begins the names of its shared memory regions.
        repository: the model repository, as the container sees it.
        folder: the server's own folder, likewise.
        models: the models to load.
        environment: variables for the models. They come this way, so that no command line and no container shows them.
        arguments: further arguments of tritonserver.
        start_timeout_s: most seconds until every model is loaded.
        exit_timeout_s: seconds that the server gives calls in flight when it stops.
    """

    identity: str
    repository: str
    folder: str
    models: tuple[str, ...]
    environment: dict[str, str]
    arguments: tuple[str, ...]
    start_timeout_s: float
    exit_timeout_s: int


class Order(Record):
    """What the part inside is to do. The first is ``start``; the end of orders means ``stop`` without grace.

    Attributes:
        do: the verb.
        server: what to start.
        model: whose stubs it concerns.
        grace_s: seconds until it is killed.
    """

    do: Literal["start", "adopt", "retire", "end-stubs", "stop"]
    server: Server | None = None
    model: str = ""
    grace_s: float = 0.0


class Lack(Record):
    """A problem of the image, or of the container."""

    code: str
    where: str
    expected: str
    got: str
    write: str


class News(Record):
    """What has happened inside.

    Attributes:
        say: what: the server was ``started``, is ``listening``, has ``exited``; stubs were ``adopted``, one ``died``; or the
            server cannot be started (``lacking``).
        pid: process id of the server or stub, in the container.
        model: the stub's model.
        region: name of the stub's shared memory region.
        how: how the server or stub ended.
        stubs: how many living stubs each model has.
        lacks: what is missing.
    """

    say: Literal["lacking", "started", "listening", "adopted", "died", "exited"]
    pid: int = 0
    model: str = ""
    region: str = ""
    how: str = ""
    stubs: dict[str, int] = {}
    lacks: tuple[Lack, ...] = ()
