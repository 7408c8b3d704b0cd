"""Random dags with every construct that branches, joins, maps and tolerates, as source. The same seed, the same dag."""

from dataclasses import dataclass, field
from random import Random

from tests.equivalence.wirings import Example

HEAD = """from typing import NamedTuple

import headrace as hr
from branchsteps import *


class Spoken(NamedTuple):
    text: hr.Text
    items: hr.Many[hr.Text]
"""
KINDS = ("RED", "GREEN", "BLUE")


@dataclass
class Body:
    """The body of a dag being written.

    Attributes:
        random: makes all choices.
        name: of the dag.
        subs: dags over one item that it may call and map.
        lifted: whether its first input is one item of an axis, so that it must not map.
    """

    random: Random
    name: str
    subs: tuple[str, ...] = ()
    lifted: bool = False
    lines: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    manies: list[str] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """A text to give to something; one that nobody took yet where there is one."""
        fresh = [name for name, kind in self.unused.items() if kind == "text"]
        name = self.random.choice(fresh if fresh and self.random.random() < 0.5 else self.texts)
        self.unused.pop(name, None)
        return name

    def let(self, expression: str, kind: str = "text") -> str:
        """A name for the value of ``expression``."""
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        self.unused[name] = kind
        if kind == "text":
            self.texts.append(name)
        if kind == "many":
            self.manies.append(name)
        return name

    def take(self, name: str) -> str:
        """The name, which is taken by that."""
        self.unused.pop(name, None)
        return name

    def one(self) -> str:
        """An expression of a text that is made for a branch, and perhaps used nowhere else."""
        step = self.random.choice(("upper", "Keep()", "shout", "Keep(mark='m')", "upper", *self.subs))
        if self.random.random() < 0.3:
            return self.text()
        cached = ".with_(cache=True)" if step not in self.subs and self.random.random() < 0.3 else ""
        made = f"{step}{cached}({self.text()})"
        return f"upper({made})" if self.random.random() < 0.3 else made

    def grow(self) -> None:
        """Add one construct."""
        makers = [self.plain, self.branch, self.condition, self.project, self.chain]
        if not self.lifted:
            makers += [self.spread, self.map, self.map, self.zip, self.tolerate, self.patient, self.absorb, self.gather]
        self.random.choice(makers)()

    def plain(self) -> None:
        self.let(self.one())

    def chain(self) -> None:
        self.let(f"cat({self.text()}, {self.text()})")

    def branch(self) -> None:
        on = self.take(self.let(f"kind_of({self.text()})", "kind"))
        keys = self.random.sample(KINDS, self.random.randint(1, 3))
        cases = "".join(f".case(Kind.{key}, {self.one()})" for key in keys)
        if len(keys) == len(KINDS):
            self.let(f"hr.switch({on}){cases}.end()")
        elif self.random.random() < 0.4:
            self.let(f"say(hr.switch({on}){cases}.otherwise(None))")
        else:
            self.let(f"hr.switch({on}){cases}.otherwise({self.one()})")

    def condition(self) -> None:
        self.let(f"say(hr.when(is_even({self.text()}), {self.one()}))")

    def project(self) -> None:
        found = self.take(self.let(f"note({self.text()})", "note"))
        self.let(f"{found}.title" if self.random.random() < 0.5 else f"cat({found}.title, number({found}.size))")

    def spread(self) -> None:
        self.let(f"{self.random.choice(('few', 'few', 'several'))}({self.text()})", "many")

    def many(self) -> str:
        if not self.manies:
            self.spread()
        return self.take(self.random.choice(self.manies))

    def map(self) -> None:
        step = self.random.choice(("upper", "Keep()", "shout", *self.subs, *self.subs, *self.subs))
        cached = ".with_(cache=True)" if step not in self.subs and self.random.random() < 0.3 else ""
        self.let(f"{step}{cached}.map({self.many()})", "many")

    def zip(self) -> None:
        many = self.many()
        other = self.random.choice(("upper", "shout", *self.subs))
        self.let(f"cat.zip({many}, {other}.map({many}))", "many")

    def tolerate(self) -> None:
        step, share = self.random.choice(("fragile", "brittle")), self.random.choice((0, 0, 0.5, 0.9))
        cached = ".with_(cache=True)" if self.random.random() < 0.3 else ""
        self.let(f"some_of({step}{cached}.tolerant(min_success={share}).map({self.many()}))")

    def gather(self) -> None:
        self.let(f"all_of({self.many()})")

    def patient(self) -> None:
        kind = self.random.choice(("first", "quorum", "optional"))
        text = self.text()
        if kind == "first":
            self.let(f"hr.first(broken({text}), {self.one()})")
        elif kind == "optional":
            self.let(f"say(hr.optional({self.random.choice(('broken', 'fragile', 'upper'))}({text}), within='60s'))")
        else:
            self.let(f"some_of(hr.quorum(2, {self.one()}, broken({text}), {self.one()}, within='60s'))")

    def absorb(self) -> None:
        self.let(f"say(hr.optional(cat(broken({self.text()}), {self.text()}), within='60s'))")

    def stream(self) -> str:
        """A value that leaves the dag as a stream, or now and then collected; others may take it too."""
        made = self.let(f"{self.random.choice(('few', 'several'))}({self.one()})", "many")
        if self.random.random() < 0.3:
            self.gather()
        self.unused.pop(made, None)
        return f"hr.collect({made})" if self.random.random() < 0.2 else made

    def done(self, stream: str = "") -> str:
        """The source of the dag: all that nobody took goes into its result, beside the stream if there is one."""
        rest = [self._as_text(name, kind) for name, kind in list(self.unused.items())]
        result = rest[0] if rest else f"upper({self.texts[-1]})"
        if self.lifted:
            result = f"cat(item, {result})"
        for each in rest[1:]:
            result = f"cat({result}, {each})"
        heading = "item: hr.Text" if self.lifted else "text: hr.Text"
        lines = "".join(f"    {line}\n" for line in self.lines)
        result = f"cat({result}, {self.texts[0]})"
        gives, result = ("Spoken", f"Spoken({result}, {stream})") if stream else ("hr.Text", result)
        return f"@hr.dag\ndef {self.name}({heading}) -> {gives}:\n{lines}    return {result}\n"

    def _as_text(self, name: str, kind: str) -> str:
        return {"text": "{}", "many": "all_of({})", "kind": "told({})", "note": "{}.title"}[kind].format(name)


def branching(seed: int, size: int = 6) -> Example:
    """The dag of a seed: up to two dags over an item, and one that calls and maps them."""
    random = Random(seed)
    sources: list[str] = []
    subs: tuple[str, ...] = ()
    for number in range(random.randint(0, 2)):
        sub = Body(random, f"part{number}", subs, lifted=True, texts=["item"])
        for _ in range(random.randint(1, 4)):
            sub.grow()
        sources.append(sub.done())
        subs = (*subs, sub.name)
    body = Body(random, "main", subs, texts=["text"])
    for _ in range(random.randint(1, size)):
        body.grow()
    body.random = Random(f"stream {seed}")
    sources.append(body.done(body.stream() if body.random.random() < 0.4 else ""))
    source = "\n\n\n".join((HEAD, *sources))
    text = "".join(random.choice("abcdef ") for _ in range(random.randint(1, 8)))
    return Example(source=source, inputs={"text": text}, tight=random.random() < 0.3)
