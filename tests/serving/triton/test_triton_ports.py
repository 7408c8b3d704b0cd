"""Ports of the loopback interface."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from headrace_dags.errors import EnvironmentLack
from headrace_serving.triton.ports import free_ports


def test_free_ports_differ() -> None:
    assert len(set(free_ports(4))) == 4


def test_a_machine_without_a_free_port_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(EnvironmentLack, match=r"\[ports-exhausted\]: the server needs 2 free ports"):
        free_ports(2)
