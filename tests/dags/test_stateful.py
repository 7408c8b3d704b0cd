"""Class steps: configuration, setup once, batches, and declarations of classes and instances."""

from __future__ import annotations

from pathlib import Path

import pytest
import wired

import headrace as hr
from headrace_dags.declare.configure import configured
from headrace_dags.declare.instance import state_of
from headrace_dags.declare.understand import declaration_of
from headrace_dags.errors import DefinitionError
from headrace_dags.graph import Batching
from headrace_dags.secrets.environment import Environment


def test_configuration_is_given_by_name_or_by_default() -> None:
    assert wired.ReadAloud().voice == "anna"
    aloud = wired.ReadAloud(voice="ben", speed=2)
    assert (aloud.voice, aloud.speed) == ("ben", 2)


def test_setup_runs_once_before_the_first_call() -> None:
    aloud = wired.ReadAloud()
    assert not hasattr(aloud, "times")
    assert aloud("a") == "anna: a"
    assert aloud.map(["b", "c"], louder=True) == ["anna: B", "anna: C"]
    assert aloud.times == 3


def test_setup_may_be_run_by_hand() -> None:
    aloud = wired.ReadAloud()
    aloud.setup()
    aloud.times = 7
    assert aloud("a") == "anna: a"
    assert aloud.times == 8


def test_setup_may_warm_up_by_calling_the_step() -> None:
    class Warm(hr.Stateful):
        def setup(self) -> None:
            self.calls = 0
            self("warm up")

        def __call__(self, text: hr.Text) -> hr.Text:
            self.calls += 1
            return text

    warm = Warm()
    warm("a")
    assert warm.calls == 2


def test_setup_that_fails_runs_again() -> None:
    class Flaky(hr.Stateful):
        tries: int = 0

        def setup(self) -> None:
            self.tries += 1
            if self.tries == 1:
                raise RuntimeError("no model")

        def __call__(self, text: hr.Text) -> hr.Text:
            return text

    flaky = Flaky()
    with pytest.raises(RuntimeError, match="no model"):
        flaky("a")
    assert flaky("a") == "a"


def test_defaults_that_can_change_are_not_shared() -> None:
    class Marks(hr.Stateful):
        marks: list[str] = []

        def __call__(self, text: hr.Text) -> hr.Text:
            self.marks.append(text)
            return "".join(self.marks)

    assert Marks()("a") == "a"
    assert Marks()("b") == "b"


def test_batches_are_cut_and_single_items_are_a_batch_of_one() -> None:
    count = wired.CountAll(offset=1)
    assert count("abc") == 4
    assert count.map(["a", "bb", "ccc", "dddd"]) == [2, 3, 4, 5]
    assert count.batches == [1, 3, 1]
    assert count.batch(["a"]) == [2]


def test_with_gives_a_copy_with_other_options() -> None:
    aloud = wired.ReadAloud(voice="ben")
    quick = aloud.with_(retry=3)
    assert quick is not aloud
    assert quick("a") == "ben: a"
    assert state_of(aloud).use is None
    assert declaration_of(quick).ref == declaration_of(aloud).ref


def test_subclasses_take_over_configuration_methods_and_options() -> None:
    class Louder(wired.ReadAloud, memory="1Gi"):
        marks: int = 1

        def __call__(self, text: hr.Text, louder: bool = True) -> hr.Text:
            return super().__call__(text, louder) + "!" * self.marks

    ref = declaration_of(Louder(voice="eve", marks=2)).ref
    assert ref.config == {"voice": "eve", "speed": 1.0, "marks": 2}
    assert ref.resources.device == "gpu"
    assert ref.resources.gpu_memory_bytes == 2 * 2**30
    assert ref.resources.memory_bytes == 2**30
    assert Louder(voice="eve", marks=2)("a") == "eve: A!!"


def test_a_class_is_declared_with_its_defaults() -> None:
    declaration = declaration_of(wired.CountAll)
    assert declaration.ref.form == "stateful"
    assert declaration.ref.config == {}
    assert declaration.ref.batching == Batching(size=3, wait_us=1000)
    assert declaration.ref.batch_ports == ("items",)
    assert [str(port) for port in declaration.signature.outputs] == ["int"]
    assert declaration.problems == ()
    assert declaration.body is wired.CountAll
    lines = Path(wired.__file__).read_text().splitlines()
    assert lines[declaration.location.line - 1].startswith("class CountAll(")


def test_configuration_comes_back_from_the_graph() -> None:
    ref = declaration_of(wired.ReadAloud(voice="ben", speed=3)).ref
    again = configured(wired.ReadAloud, ref, Environment.at(Path()))
    assert (again.voice, again.speed) == ("ben", 3.0)
    with pytest.raises(DefinitionError, match=r"expects an attribute that the class declares, got voise\. Write voice"):
        configured(wired.ReadAloud, ref.model_copy(update={"config": {"voise": "ben"}}), Environment.at(Path()))


def codes(step: object) -> list[tuple[str, str]]:
    return [(problem.where, problem.code) for problem in declaration_of(step).problems]


def test_every_mistake_of_a_configuration_is_told() -> None:
    assert codes(wired.ReadAloud("anna", voice=3, sped=1.0)) == [  # type: ignore[misc, call-arg, arg-type]
        ("ReadAloud", "config-value"),
        ("ReadAloud.voice", "config-value"),
        ("ReadAloud", "config-value"),
    ]
    assert codes(wired.CountAll()) == [("CountAll.offset", "config-value")]  # type: ignore[call-arg]


def test_a_value_of_the_dag_is_no_configuration() -> None:
    from headrace_dags.declare.dag import dag
    from headrace_dags.trace.tracing import attempt

    def body(text: hr.Text, voice: hr.Text) -> hr.Text:
        return wired.ReadAloud(voice=voice)(text)

    problems = attempt(dag(body))
    assert isinstance(problems, tuple)
    assert [problem.code for problem in problems] == ["config-value"]
    assert problems[0].got == "Text, the input voice"


class Odd(hr.StatefulBatch[hr.Text, int], sizes=3):  # type: ignore[call-arg]
    handle: bytes = b""
    limit: int = "many"  # type: ignore[assignment]

    async def setup(self) -> None:  # type: ignore[override]
        pass

    def batch(self, items: hr.Batch[hr.Text], least: int) -> hr.Batch[int]:  # type: ignore[override]
        return [least for _ in items]

    def __call__(self, item: hr.Text) -> int:
        return 1


class Streaming(hr.Stateful):
    def __call__(self, text: hr.Text):  # type: ignore[no-untyped-def]
        yield text


def test_every_mistake_of_a_class_is_told() -> None:
    assert sorted(codes(Odd)) == sorted(
        [
            ("Odd", "stateful-call"),
            ("Odd", "batch-signature"),
            ("Odd.setup", "stateful-setup"),
            ("Odd", "batch-option"),
            ("Odd", "unknown-option"),
            ("Odd.handle", "config-type"),
            ("Odd.limit", "config-value"),
        ]
    )
    assert codes(Streaming) == [("Streaming", "stateful-call"), ("Streaming", "missing-return")]


def test_the_bases_by_themselves_have_nothing_to_call() -> None:
    class Empty(hr.Stateful):
        pass

    class EmptyBatch(hr.StatefulBatch[hr.Text, int], size=2):
        pass

    with pytest.raises(TypeError, match="Empty has no method __call__"):
        Empty()("a")  # type: ignore[operator]
    with pytest.raises(TypeError, match="EmptyBatch has no method batch"):
        EmptyBatch()("a")


class Costly(hr.Stateful):
    """Counts how often it is set up; a list, because each copy has attributes of its own."""

    def setup(self) -> None:
        SET_UP.append(type(self).__name__)

    def __call__(self, text: hr.Text) -> hr.Text:
        return text


SET_UP: list[str] = []


@hr.dag
def costly(text: hr.Text) -> hr.Text:
    return Costly()(text)


def test_a_second_plain_call_of_a_dag_sets_nothing_up_again() -> None:
    assert [costly("a"), costly("b")] == ["a", "b"]
    assert SET_UP == ["Costly"]
