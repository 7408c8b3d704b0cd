"""A remote step called outside a run: as it is, and by a dag that is interpreted."""

import pytest
from tests.peers import told_peer

import headrace as hr
from headrace_dags.errors import HeadraceError

KEY = "key-of-the-peer-0123456789"


@hr.step
def local(text: hr.Text) -> hr.Text:
    return f"here: {text}"


@hr.remote("http://127.0.0.1:9/v2/models/away")
def away(text: hr.Text) -> hr.Text: ...


@hr.dag
def either(text: hr.Text) -> hr.Text:
    return hr.first(away(text), local(text))


@pytest.fixture
def peer(monkeypatch):
    """A server that answers as it is told; its address and key are in the environment."""
    with told_peer() as script:
        monkeypatch.setenv("PEER_URL", script.url)
        monkeypatch.setenv("PEER_KEY", KEY)
        yield script


@pytest.fixture
def told():
    """A step of the test's own: one keeps the connection that its first call made."""

    @hr.remote("${PEER_URL}/v2/models/told", token=hr.Secret("PEER_KEY"))
    def told(text: hr.Text) -> hr.Text: ...

    return told


def test_a_plain_call_is_a_call(peer, told):
    assert told("x") == "told"
    assert [each["Authorization"] for each in peer.seen] == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(503, "unavailable"), (500, "step"), (307, "load"), (401, "environment"), (400, "input"), (408, "timeout")],
)
def test_a_failure_tells_whose_it_is_and_no_secret(status, kind, peer, told):
    peer.statuses = [status]
    with pytest.raises(hr.EndpointFailed, match=str(status)) as raised:
        told("x")
    assert raised.value.kind == kind
    assert KEY not in f"{raised.value!r} {raised.value}"
    assert len(peer.seen) == 1


@pytest.mark.parametrize(
    ("said", "after_s"), [("7", 7), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", 0), ("9" * 400, 86_400)]
)
def test_a_busy_server_says_when_to_come_back(said, after_s, peer, told):
    peer.statuses, peer.headers = [429], {"Retry-After": said}
    with pytest.raises(hr.EndpointFailed) as raised:
        told("x")
    assert raised.value.after_s == after_s


def test_a_server_that_is_away_at_first_is_asked_again(peer, told):
    peer.questions = [503, 500, 503]
    for _ in range(2):
        with pytest.raises(hr.EndpointFailed):
            told("x")
    assert told("x") == "told"


def test_one_that_turns_out_to_be_another_is_refused_when_it_is_called(peer, told):
    peer.questions, peer.metadata = [503], {"name": "result", "datatype": "FP32", "shape": [1]}
    with pytest.raises(hr.EndpointFailed, match="remote-tensors") as raised:
        told("x")
    assert raised.value.kind == "load"
    assert not peer.seen


def test_one_that_is_another_is_refused_at_once(peer, told):
    peer.metadata = {"name": "result", "datatype": "FP32", "shape": [1]}
    with pytest.raises(HeadraceError, match="remote-tensors"):
        told("x")


def test_something_else_is_taken_where_nobody_answers():
    assert either("x") == "here: x"
