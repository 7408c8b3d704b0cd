"""Fixtures for a real server: a repository of the test's own, and proof that nothing is left."""

import subprocess
import sys
import time

import pytest
from bare_models import Repository, processes_of


@pytest.fixture
def repository(tmp_path):
    """A model repository; after the test no process that was started on it may live."""
    (tmp_path / "models").mkdir()
    yield Repository(tmp_path / "models")
    assert processes_of(tmp_path) == []


@pytest.fixture
def run_python():
    """Runs a program in a fresh interpreter and gives what it prints."""

    def run(program: str) -> str:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    return run


@pytest.fixture
def eventually():
    """Waits until a condition holds, at most so many seconds."""

    def wait(condition, limit_s: float = 5.0) -> bool:
        end_s = time.monotonic() + limit_s
        while not condition() and time.monotonic() < end_s:
            time.sleep(0.02)
        return bool(condition())

    return wait
