"""Random graphs: every kind of step, map, broadcast and fan-in that a dag can hold."""

from __future__ import annotations

from building import AUDIO, IMAGE, JSON, TEXT, VECTOR, Builder, Value
from hypothesis import strategies as st

from headrace_dags.graph import Graph, Resources

TYPES = (TEXT, JSON, IMAGE, AUDIO, VECTOR)
FORMS = st.sampled_from(["function", "function", "function", "stateful", "onnx"])
RESOURCES = st.sampled_from([Resources()] * 5 + [Resources(memory_bytes=1 << 30), Resources(device="gpu")])


@st.composite
def graphs(draw: st.DrawFn, most: int = 12) -> Graph:
    """A graph of at most ``most`` nodes over two inputs, one of them many items."""
    build = Builder()
    values = [build.input("x", TEXT), build.input("pages", IMAGE, many=True)]
    for number in range(draw(st.integers(0, most))):
        values += _node(draw, build, f"n{number}", values)
    chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))
    return build.graph(*(values[-1:] + chosen), streams=draw(st.booleans()))


def _node(draw: st.DrawFn, build: Builder, name: str, values: list[Value]) -> list[Value]:
    takes: list[object] = draw(st.lists(st.sampled_from(values[-6:]), min_size=0, max_size=3))
    many_first = bool(takes) and isinstance(takes[0], Value) and takes[0].port.many
    maps = many_first and draw(st.booleans())
    if not takes or draw(st.integers(0, 9)) == 0:
        takes.append(7)
    wide = not maps and draw(st.integers(0, 3)) == 0
    gives = {f"o{place}": draw(st.sampled_from(TYPES)) for place in range(draw(st.integers(1, 2)))}
    fed = any(isinstance(take, Value) for take in takes)
    made = build.node(
        name,
        *takes,
        gives=gives,
        many=wide,
        max_items=draw(st.sampled_from([None, 3, 256, 300])) if wide else None,
        form=draw(FORMS),
        batch=draw(st.sampled_from([0, 0, 0, 4])),
        isolate=draw(st.integers(0, 9)) == 0,
        cache=fed and draw(st.integers(0, 4)) == 0,
        mapped=maps,
        resources=draw(RESOURCES),
    )
    return made if isinstance(made, list) else [made]
