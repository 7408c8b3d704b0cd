"""A dag of real steps, for the driver on a real runtime."""

from collections.abc import Iterator

from headrace_dags.declare.dag import dag
from headrace_dags.declare.steps import batched, step
from headrace_dags.errors import InputError
from headrace_dags.ports.types import Batch, Many


@step
def words(text: str) -> Iterator[str]:
    if "\0" in text:
        raise InputError("text holds a null character")
    yield from text.split()


@batched(size=8)
def upper(items: Batch[str]) -> Batch[str]:
    return [item.upper() for item in items]


@step
def together(items: Many[str], mark: str) -> str:
    return " ".join(items) + mark


@dag(deadline="30s")
def shout(text: str) -> str:
    return together(upper.map(words(text)), "!")
