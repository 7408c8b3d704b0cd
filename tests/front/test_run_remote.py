"""``headrace run`` of dags with remote steps, whose peer is a real server: on both runtimes, over both protocols."""

from __future__ import annotations

import io
import re
from collections.abc import Generator

import numpy as np
import pytest
from PIL import Image
from tests.front.conftest import Project
from tests.peers import Model, Urls, triton_peer

STRING = "data_type: TYPE_STRING dims: [1]"
UPPER = "np.array([each.decode().upper().encode() for each in x.reshape(-1)], np.object_).reshape(x.shape)"
SIZE = "np.array([str(len(x.reshape(-1)[0])).encode()], np.object_)"
MODELS = {
    "upper": Model(STRING, STRING, UPPER),
    "batches": Model(STRING, STRING, f"({UPPER})", batch=4),
    "size": Model(STRING, STRING, SIZE),
    "colour": Model(
        "data_type: TYPE_UINT8 dims: [-1, -1, 3]",
        "data_type: TYPE_FP32 dims: [3]",
        "x.reshape(-1, 3).mean(0).astype(np.float32)",
    ),
    "picky": Model(STRING, STRING, "1 / 0 if x.reshape(-1)[0] == b'two' else x"),
}

DAG = """\
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import headrace as hr
import numpy as np
from PIL import Image

Colour = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=3")]


@hr.remote("${PEER_URL}/v2/models/upper", inputs={"text": "x"})
def upper(text: hr.Text) -> hr.Text: ...


@hr.remote("${PEER_URL}/v2/models/batches", size=4, inputs={"texts": "x"})
def batches(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]: ...


@hr.remote("${PEER_URL}/v2/models/size", inputs={"picture": "x"})
def size(picture: hr.Png) -> hr.Text: ...


@hr.remote("${PEER_URL}/v2/models/colour", inputs={"picture": "x"})
def colour(picture: hr.Image) -> Colour: ...


@hr.remote("${PEER_URL}/v2/models/picky", inputs={"text": "x"})
def picky(text: hr.Text) -> hr.Text: ...


@hr.remote("http://127.0.0.1:9/v2/models/away")
def away(text: hr.Text) -> hr.Text: ...


@hr.step(max_items=16)
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def pixels(picture: hr.Png) -> hr.Image:
    with picture.open() as stream:
        return np.asarray(Image.open(stream).convert("RGB"))


@hr.step
def local(text: hr.Text) -> hr.Text:
    return f"here: {text}"


@hr.step
def joined(texts: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(texts)


@hr.step
def found(texts: hr.Many[hr.Text | None]) -> hr.Text:
    return " ".join(text or "-" for text in texts)


@hr.step
def said(text: hr.Text | None) -> hr.Text:
    return text or "nothing"


@hr.step
def told(colour: Colour) -> hr.Text:
    return ",".join(f"{each:.0f}" for each in colour)


class Out(NamedTuple):
    loud: hr.Text
    each: hr.Text
    batched: hr.Text
    bytes: hr.Text
    colour: hr.Text
    perhaps: hr.Text
    nothing: hr.Text
    either: hr.Text
    tolerated: hr.Text


@hr.dag
def main(text: hr.Text, picture: hr.Png) -> Out:
    each = words(text)
    return Out(
        local(upper(local(text))),
        joined(upper.map(each)),
        joined(batches.map(each)),
        size(picture),
        told(colour(pixels(picture))),
        said(hr.optional(upper(text), within="60s")),
        said(hr.optional(away(text), within="1s")),
        hr.first(away(text), local(text)),
        found(picky.tolerant(min_success=0.5).map(each)),
    )


@hr.dag
def alone(text: hr.Text) -> hr.Text:
    return upper(text)
"""
TEXT = "one two three four five six"


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Generator[Urls]:
    with triton_peer(tmp_path_factory.mktemp("peer"), MODELS) as urls:
        yield urls


@pytest.fixture
def calling(project: Project) -> Project:
    project.write("calls.py", DAG)
    drawn = io.BytesIO()
    Image.fromarray(np.full((5, 7, 3), (10, 20, 30), np.uint8)).save(drawn, "PNG")
    project.write("picture.png", drawn.getvalue())
    return project


@pytest.mark.parametrize(("runtime", "protocol"), [("inprocess", "grpc"), ("triton", "http")])
def test_the_values_are_those_of_the_peer(runtime: str, protocol: str, calling: Project, peer: Urls) -> None:
    given = ("-i", f"text={TEXT}", "-i", "picture=@picture.png")
    url = getattr(peer, protocol)
    done = calling.headrace("run", "calls.py:main", *given, "--runtime", runtime, "--json", "--keep", PEER_URL=url)
    assert done.code == 0, done.err
    values = {each["name"]: each["value"] for each in done.json["outputs"]}
    assert values == {
        "loud": f"here: {f'here: {TEXT}'.upper()}",
        "each": TEXT.upper(),
        "batched": TEXT.upper(),
        "bytes": str((calling.folder / "picture.png").stat().st_size),
        "colour": "10,20,30",
        "perhaps": TEXT.upper(),
        "nothing": "nothing",
        "either": f"here: {TEXT}",
        "tolerated": TEXT.replace("two", "-"),
    }
    logs = [path.read_text() for path in calling.folder.glob(".headrace/scratch/*/triton.log")]
    assert len(logs) == (runtime == "triton")
    assert not any(re.search(r"(upper|batches|size|colour|picky|away)\w*-[0-9a-f]{12}", log) for log in logs)


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
def test_a_dag_of_nothing_but_a_remote_step(runtime: str, calling: Project, peer: Urls) -> None:
    done = calling.headrace(
        "run", "calls.py:alone", "-i", "text=a", "--runtime", runtime, "--json", "--keep", PEER_URL=peer.http
    )
    assert done.code == 0, done.err
    assert done.json["outputs"][0]["value"] == "A"
    assert not list(calling.folder.glob(".headrace/scratch/**/triton.log"))


def test_one_node_runs_on_what_was_recorded(calling: Project, peer: Urls) -> None:
    run = ("run", "calls.py:alone", "--runtime", "inprocess")
    assert calling.headrace(*run, "-i", "text=a", PEER_URL=peer.http).code == 0
    again = calling.headrace("run", "calls.py:alone", "--step", "upper", PEER_URL=peer.http)
    assert again.code == 0, again.err
    assert "A" in again.out.split()


def test_a_plan_says_what_is_called_elsewhere(calling: Project) -> None:
    shown = calling.headrace("plan", "calls.py:main").out
    assert "upper calls ${PEER_URL}/v2/models/upper: nothing here serves it." in shown
    assert "upper is a remote endpoint: it is called, not served" in shown
    there = calling.headrace("plan", "calls.py:main", "--target", "kubernetes")
    assert there.code == 0, there.err


def test_what_is_compiled_holds_no_remote_step(calling: Project) -> None:
    assert calling.headrace("compile", "calls.py:main", "-o", "made").code == 0
    models = [path.name for path in (calling.folder / "made" / "models").iterdir()]
    assert models
    assert not any(name.startswith(("upper", "batches", "size", "colour", "picky", "away")) for name in models)
    readme = (calling.folder / "made" / "README.md").read_text()
    assert "upper: a remote step, which calls ${PEER_URL}/v2/models/upper and is not served here" in readme
    assert calling.headrace("compile", "calls.py:alone", "-o", "none").code == 0
    assert "there is nothing" in (calling.folder / "none" / "README.md").read_text()
