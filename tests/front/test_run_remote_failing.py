"""``headrace run`` of a remote step whose peer is away, busy, broken, slow or somebody else; no secret is ever told."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.front.conftest import Project, Ran
from tests.peers import Script, told_peer

KEY = "key-of-the-peer-0123456789"
TEAM = "team-of-the-peer-0123456789"
DAG = """\
from collections.abc import Iterator

import headrace as hr


@hr.remote("${PEER_URL}/v2/models/told", token=hr.Secret("PEER_KEY"), headers={"X-Team-Key": hr.Secret("PEER_TEAM")})
def told(text: hr.Text) -> hr.Text: ...


@hr.remote("${PEER_URL}/v2/models/told", timeout="300ms")
def hasty(text: hr.Text) -> hr.Text: ...


@hr.remote("${PEER_URL}/v2/models/told", max_answer="16")
def short(text: hr.Text) -> hr.Text: ...


@hr.remote("${PEER_URL}/v2/models/told", concurrency=1)
def single(text: hr.Text) -> hr.Text: ...


@hr.remote("http://127.0.0.1:9/v2/models/told")
def away(text: hr.Text) -> hr.Text: ...


@hr.step
def local(text: hr.Text) -> hr.Text:
    return f"here: {text}"


@hr.step(max_items=16)
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def joined(texts: hr.Many[hr.Text | None]) -> hr.Text:
    return " ".join(text or "-" for text in texts)


@hr.dag
def once(text: hr.Text) -> hr.Text:
    return told(text)


@hr.dag
def again(text: hr.Text) -> hr.Text:
    return told.with_(retry=1)(text)


@hr.dag
def kept(text: hr.Text) -> hr.Text:
    return told.with_(cache=True)(text)


@hr.dag
def quick(text: hr.Text) -> hr.Text:
    return hasty(text)


@hr.dag
def limited(text: hr.Text) -> hr.Text:
    return told.with_(timeout="300ms")(text)


@hr.dag
def insisting(text: hr.Text) -> hr.Text:
    return single.with_(timeout="1s", retry=5)(text)


@hr.dag
def small(text: hr.Text) -> hr.Text:
    return short(text)


@hr.dag
def nobody(text: hr.Text) -> hr.Text:
    return away(text)


@hr.dag
def either(text: hr.Text) -> hr.Text:
    return hr.first(told(text), local(text))


@hr.dag
def each(text: hr.Text) -> hr.Text:
    return joined(told.tolerant(min_success=0.5).map(words(text)))
"""


@pytest.fixture
def peer() -> Generator[Script]:
    with told_peer() as script:
        yield script


@pytest.fixture
def asking(project: Project) -> Project:
    project.write("asks.py", DAG)
    return project


def run(project: Project, dag: str, url: str, *more: str, runtime: str = "inprocess") -> Ran:
    given = ("-i", "text=a b", "--runtime", runtime, "--keep", *more)
    done = project.headrace("run", f"asks.py:{dag}", *given, PEER_URL=url, PEER_KEY=KEY, PEER_TEAM=TEAM)
    logs = project.headrace("logs")
    assert tells_no_secret(project.folder / ".headrace", done.out, done.err, logs.out, logs.err)
    return done


def tells_no_secret(folder: Path, *texts: str) -> bool:
    content = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert content
    return not any(value.encode() in each for value in (KEY, TEAM) for each in (*content, *(t.encode() for t in texts)))


def test_secrets_are_sent_and_told_to_nobody_else(asking: Project, peer: Script) -> None:
    done = run(asking, "once", peer.url)
    assert done.code == 0, done.err
    (seen,) = peer.seen
    assert (seen["Authorization"], seen["X-Team-Key"]) == (f"Bearer {KEY}", TEAM)
    plan = asking.headrace("plan", "asks.py:once", "--json", PEER_KEY=KEY, PEER_TEAM=TEAM)
    assert "PEER_KEY" in plan.out
    assert tells_no_secret(asking.folder / ".headrace", plan.out, plan.err)


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
@pytest.mark.parametrize(
    "answer", [(400, 2, "input"), (401, 3, "environment"), (404, 1, "load"), (422, 2, "input"), (500, 1, "step")]
)
def test_what_asking_again_does_not_mend_is_asked_once(
    answer: tuple[int, int, str], runtime: str, asking: Project, peer: Script
) -> None:
    status, code, said = answer
    peer.statuses = [status]
    done = run(asking, "once", peer.url, runtime=runtime)
    assert done.code == code, done.err
    assert len(peer.seen) == 1
    assert f"answered {status}" in done.err
    assert f"[{said}]" in done.err
    assert "not with Bearer ***" in done.err


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_peer_is_asked_again(status: int, asking: Project, peer: Script) -> None:
    peer.statuses = [status, status]
    peer.headers = {"Retry-After": "0"}
    done = run(asking, "once", peer.url)
    assert done.code == 0, done.err
    assert len(peer.seen) == 3


def test_what_broke_is_asked_again_as_the_options_say(asking: Project, peer: Script) -> None:
    peer.statuses = [500]
    assert run(asking, "again", peer.url).code == 0
    assert len(peer.seen) == 2


def test_a_peer_that_is_busy_at_the_start_is_asked_later(asking: Project, peer: Script) -> None:
    peer.questions = [503, 500]
    peer.statuses = [503]
    done = run(asking, "again", peer.url)
    assert done.code == 0, done.err
    assert not peer.questions


def test_busy_peers_lose_no_items(asking: Project, peer: Script) -> None:
    peer.statuses = [503, 429]
    done = run(asking, "each", peer.url, "--json")
    assert done.json["outputs"][0]["value"] == "told told"
    peer.statuses = [400]
    done = run(asking, "each", peer.url, "--json")
    assert done.json["outputs"][0]["value"].count("-") == 1


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
def test_something_else_is_taken_of_a_peer_that_fails(runtime: str, asking: Project, peer: Script) -> None:
    peer.statuses = [500]
    done = run(asking, "either", peer.url, "--json", runtime=runtime)
    assert done.json["outputs"][0]["value"] == "here: a b"


def test_an_answer_is_kept_between_runs_where_that_is_asked_for(asking: Project, peer: Script) -> None:
    for _ in range(2):
        done = run(asking, "kept", peer.url, "--json")
        assert done.json["outputs"][0]["value"] == "told"
    assert len(peer.seen) == 1
    run(asking, "kept", peer.url.replace("127.0.0.1", "localhost"))
    assert len(peer.seen) == 2, "what one server said is not what another says"


def test_a_peer_that_stays_away_is_named(asking: Project) -> None:
    done = run(asking, "nobody", "http://127.0.0.1:9")
    assert done.code == 1
    assert "(away) [unavailable]: http://127.0.0.1:9/v2/models/told: " in done.err


@pytest.mark.parametrize(("dag", "said"), [("quick", "no answer within 0.3 s"), ("limited", "took longer than 0.3 s")])
def test_a_slow_peer_is_left(dag: str, said: str, asking: Project, peer: Script) -> None:
    peer.hang.clear()
    done = run(asking, dag, peer.url)
    assert done.code == 1
    assert "[timeout]" in done.err
    assert said in done.err


def test_redirects_are_not_followed(asking: Project, peer: Script) -> None:
    with told_peer() as other:
        peer.statuses = [307]
        peer.headers = {"Location": f"{other.url}/v2/models/told/infer"}
        done = run(asking, "once", peer.url)
        assert done.code == 1
        assert "redirects are not followed" in done.err
        assert len(peer.seen) == 1
        assert not other.seen


@pytest.mark.parametrize(
    "tensor",
    [
        {"datatype": "FP32", "shape": [1], "data": [1.0]},
        {"datatype": "BYTES", "shape": [2], "data": ["one", "two"]},
        {"datatype": "BYTES", "shape": [3], "data": ["one"]},
        {"datatype": "ODD", "shape": [1], "data": ["one"]},
        {"name": "other", "datatype": "BYTES", "shape": [1], "data": ["one"]},
        {"datatype": "BYTES", "shape": [1]},
    ],
)
def test_an_answer_that_is_not_as_declared_is_refused(tensor: dict[str, Any], asking: Project, peer: Script) -> None:
    peer.metadata = {"name": "result", "datatype": "BYTES", "shape": [1]}
    peer.tensor = {"name": "result", **tensor}
    done = run(asking, "once", peer.url)
    assert done.code == 1
    assert "[output]" in done.err
    assert len(peer.seen) == 1


def test_an_answer_that_is_too_large_is_refused(asking: Project, peer: Script) -> None:
    done = run(asking, "small", peer.url)
    assert done.code == 1
    assert "at most 16 bytes" in done.err


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
@pytest.mark.parametrize("change", [{"datatype": "FP32"}, {"shape": [4]}, {"name": "other"}])
def test_a_model_that_is_not_as_declared_is_refused_before_it_is_called(
    change: dict[str, Any], runtime: str, asking: Project, peer: Script
) -> None:
    peer.inputs = ({"name": "text", "datatype": "BYTES", "shape": [1], **change},)
    done = run(asking, "once", peer.url, runtime=runtime)
    assert done.code == 1
    assert "remote-tensors" in done.err
    assert not peer.seen


def test_a_model_that_is_not_there_is_said_before_anything_runs(asking: Project, peer: Script) -> None:
    peer.questions = [404]
    done = run(asking, "either", peer.url)
    assert done.code == 3
    assert "remote-away" in done.err
    assert not peer.seen


def test_an_address_without_a_value_is_named(asking: Project) -> None:
    given = ("-i", "text=a", "--runtime", "inprocess", "--json")
    done = asking.headrace("run", "asks.py:once", *given, PEER_URL="", PEER_KEY=KEY, PEER_TEAM=TEAM)
    assert done.code == 3
    (problem,) = json.loads(done.err)["problems"]
    assert (problem["code"], problem["where"]) == ("remote-address", "told")
    assert problem["write"].startswith("Write a line PEER_URL=https://host into ")
    assert not (asking.folder / ".headrace").exists()


def test_a_secret_that_cannot_be_a_header_is_refused_and_not_told(asking: Project, peer: Script) -> None:
    given = ("-i", "text=a", "--runtime", "inprocess")
    value = "first-line-of-it\nsecond-line-of-it"
    done = asking.headrace("run", "asks.py:once", *given, PEER_URL=peer.url, PEER_KEY=value, PEER_TEAM=TEAM)
    assert done.code == 3
    assert "remote-secret" in done.err
    assert "line-of-it" not in done.out + done.err
    assert not peer.seen


def test_many_are_asked_at_once(asking: Project, peer: Script) -> None:
    """Two items are on their way before one of them is answered."""
    peer.hang.clear()
    seen = threading.Thread(target=_release_when_two_wait, args=(peer,))
    seen.start()
    done = run(asking, "each", peer.url, "--json")
    seen.join()
    assert done.json["outputs"][0]["value"] == "told told"


def test_a_call_that_nobody_waits_for_keeps_no_other_from_the_peer(asking: Project, peer: Script) -> None:
    """The next attempt goes while the peer still holds the first one, though only one may be on its way."""
    peer.hang.clear()
    seen = threading.Thread(target=_release_when_two_wait, args=(peer,))
    seen.start()
    done = run(asking, "insisting", peer.url)
    seen.join()
    assert done.code == 0, done.err
    assert len(peer.seen) > 1


def _release_when_two_wait(peer: Script) -> None:
    """Let all calls be answered once two wait; or later, for a test is to fail and not to hang."""
    peer.waiting.acquire(timeout=60)
    peer.waiting.acquire(timeout=60)
    peer.hang.set()
