"""A remote step of a server that is slow, endless, wrong or spiteful: each call comes to its end, in its words, within its time."""

import json
import socket
import threading
import time
from typing import Annotated

import numpy as np
import pytest
from tests.peers import blunt_peer, given_up, http

import headrace as hr
from headrace_dags.remote.contents import to_raw

GOOD = {"outputs": [{"name": "result", "datatype": "BYTES", "shape": [1], "data": ["told"]}]}
FAR = 5.0
"""So long nothing takes that keeps to a limit of a second."""


@pytest.fixture
def silent(monkeypatch):
    """Where connections are taken, and nobody answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        monkeypatch.setenv("PEER_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
        yield


@pytest.fixture
def peer(monkeypatch):
    with blunt_peer() as blunt:
        monkeypatch.setenv("PEER_URL", blunt.url)
        yield blunt


def tensor(kind):
    return Annotated[np.ndarray[tuple[int], np.dtype[kind]], hr.Layout("tensor", "n")]


def step(kind=str, **options):
    """A step of a test's own: one keeps the connection that its first call made."""
    port = hr.Text if kind is str else tensor(kind)

    def asked(x: port) -> port: ...

    return hr.remote("${PEER_URL}/v2/models/m", **{"timeout": "1s", **options})(asked)


def failure(given="x", kind=str, **options):
    with pytest.raises(hr.EndpointFailed) as raised:
        step(kind, **options)(given)
    return raised.value


class TestTime:
    @pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"])
    def test_the_limit_is_that_of_the_whole_answer(self, head, peer):
        left = threading.Event()

        def trickle(send):
            send(head)
            try:
                while not left.wait(0.1):
                    send(b"X-A: 1\r\n")
            except OSError:
                left.set()

        peer.behave = trickle
        step()  # loads what the first one loads
        began_s = time.monotonic()
        failed = failure()
        assert time.monotonic() - began_s < FAR
        assert failed.kind == "timeout"
        assert left.wait(FAR), "the connection is closed"

    def test_a_peer_that_reads_nothing_is_left_in_time(self, peer):
        peer.behave = lambda _: time.sleep(FAR)
        began_s = time.monotonic()
        assert failure("x" * 50_000_000).kind == "timeout"
        assert time.monotonic() - began_s < FAR

    @pytest.mark.usefixtures("silent")
    def test_who_waits_for_the_first_question_shares_its_answer(self):
        asked, done_s = step(), []
        with pytest.raises(hr.EndpointFailed):
            asked("x")  # the step is ready now, and knows nothing

        def call():
            with pytest.raises(hr.EndpointFailed):
                asked("x")
            done_s.append(time.monotonic())

        began_s = time.monotonic()
        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert max(done_s) - began_s < FAR


class TestConnections:
    def test_a_call_that_nobody_waits_for_is_ended(self, peer):
        here, left = threading.Event(), threading.Event()

        def hold(send):
            here.set()
            try:
                while not left.wait(0.1):
                    send(b"HTTP/1.1 100 Continue\r\n\r\n")
            except OSError:
                left.set()

        peer.behave = hold
        assert given_up(lambda: step(timeout="60s")("x"), when=here)
        assert left.wait(FAR), "the connection is closed"

    def test_one_that_is_silent_too(self, peer):
        here = threading.Event()
        release = threading.Event()
        peer.behave = lambda _: (here.set(), release.wait(60))
        assert given_up(lambda: step(timeout="60s")("x"), when=here)
        release.set()

    def test_one_connection_serves_many_calls(self, peer):
        peer.answer = http(GOOD)
        asked = step()
        assert {asked("x") for _ in range(50)} == {"told"}
        assert peer.connections == 1

    def test_no_cookie_is_kept(self, peer):
        peer.answer = http(GOOD, Set_Cookie="mine=1; Path=/")
        asked = step()
        assert [asked("x"), asked("x")] == ["told", "told"]
        assert not any("cookie" in head.lower() for head in peer.heads)

    def test_a_proxy_of_the_environment_is_gone_through(self, peer, monkeypatch):
        peer.answer = http(GOOD)
        proxy = peer.url.replace("//", "//me:pass%20word@")
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("PEER_URL", "http://models.invalid")
        assert step()("x") == "told"
        assert peer.heads[-1].startswith("POST http://models.invalid/v2/models/m/infer ")
        assert "Host: models.invalid\r\n" in peer.heads[-1]
        assert "Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk" in peer.heads[-1]


class TestWords:
    @pytest.mark.parametrize(
        "answer",
        [
            http(b"\x1b[2J\x07 no \r\n\xe2\x80\xae", "400 Bad \x1b[31m"),
            http({"error": "\x1b[2J\x07 no \ud800\n" + "n" * 9000}, "400 Bad"),
            http(b"", "400 " + "n" * 9000),
            http(b"", "307 Go", Location="file:///" + "n" * 9000 + "\x1b[31m"),
            http({"outputs": [{**GOOD["outputs"][0], "name": "\x1b[31m" + "n" * 9000}]}),
        ],
    )
    def test_what_a_server_says_is_one_short_line_that_can_be_seen(self, answer, peer):
        peer.answer = answer
        text = str(failure())
        assert text.isprintable()
        assert len(text) < 2000

    @pytest.mark.parametrize("status", ["200 OK", "400 Bad", "500 Bad"])
    def test_json_without_a_bottom_is_read_by_nobody(self, status, peer):
        peer.answer = http(b"[" * 200_000, status)
        assert failure().kind == {"2": "output", "4": "input", "5": "step"}[status[0]]

    @pytest.mark.parametrize(
        "date", ["Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 +9" + "9" * 20]
    )
    def test_a_date_that_there_is_not_is_none(self, date, peer):
        peer.answer = http(b"", "503 Busy", Retry_After=date)
        failed = failure()
        assert (failed.kind, failed.after_s) == ("unavailable", 0)


def said(datatype, data, shape=None, **more):
    return http(
        {"outputs": [{"name": "result", "datatype": datatype, "shape": shape or [len(data)], "data": data}]}, **more
    )


class TestNumbers:
    """A number that is not of the datatype is refused; it never becomes another number."""

    @pytest.mark.parametrize(
        ("datatype", "kind", "data"),
        [
            ("INT32", np.int32, [1.7, 2]),
            ("INT32", np.int32, ["1", "2"]),
            ("INT32", np.int32, [2**40, 1]),
            ("INT32", np.int32, [None, 1]),
            ("UINT64", np.uint64, [-1, 2**63]),
            ("INT8", np.int8, [300, 1]),
            ("BOOL", np.bool_, ["false", "true"]),
            ("BOOL", np.bool_, [7, 0]),
            ("FP32", np.float32, [1e300, 1]),
            ("FP32", np.float32, ["1.5", "nan"]),
        ],
    )
    def test_of_another_kind(self, datatype, kind, data, peer):
        peer.datatype, peer.shape, peer.answer = datatype, (-1,), said(datatype, data)
        assert failure(np.zeros(2, kind), kind).kind == "output"

    @pytest.mark.parametrize(
        ("datatype", "kind", "data"),
        [
            ("FP32", np.float32, [None, 1.5]),
            ("FP64", np.float64, [float("nan"), float("inf")]),
            ("BOOL", np.bool_, [1, 0]),
        ],
    )
    def test_nan_may_be_null_and_a_bool_a_bit(self, datatype, kind, data, peer):
        peer.datatype, peer.shape, peer.answer = datatype, (-1,), said(datatype, data)
        expected = np.asarray([float("nan") if each is None else each for each in data], kind)
        np.testing.assert_array_equal(step(kind)(np.zeros(2, kind)), expected)

    @pytest.mark.parametrize("shape", [[-1], [3], [2, 2], [1 << 62, 1 << 62], ["2"], [2.0]])
    def test_of_another_shape(self, shape, peer):
        peer.datatype, peer.shape, peer.answer = "FP32", (-1,), said("FP32", [1, 2], shape)
        assert failure(np.zeros(2, np.float32), np.float32).kind == "output"

    def test_one_output_twice(self, peer):
        peer.answer = http({"outputs": [*GOOD["outputs"], *GOOD["outputs"]]})
        assert failure().kind == "output"

    def test_the_order_of_bytes_is_the_protocols(self):
        assert to_raw(np.array([1, 2], ">f4")) == np.array([1, 2], "<f4").tobytes()
        assert to_raw(np.array([1, 2], ">i8")) == np.array([1, 2], "<i8").tobytes()


def binary(size, rest=b"\0\0\x80?\0\0\0@", head=None):
    output = {"name": "result", "datatype": "FP32", "shape": [2], "parameters": {"binary_data_size": size}}
    content = json.dumps({"outputs": [output]}).encode()
    return http(content + rest, Inference_Header_Content_Length=len(content) if head is None else head)


class TestBinary:
    """Sizes of tensors behind the JSON are believed only where they are right."""

    @pytest.fixture(autouse=True)
    def knowing(self, peer):
        peer.datatype, peer.shape, peer.extensions = "FP32", (-1,), ("binary_tensor_data",)

    def test_right_ones_are_read(self, peer):
        peer.answer = binary(8)
        assert step(np.float32)(np.zeros(2, np.float32)).tolist() == [1, 2]

    @pytest.mark.parametrize(
        "answer",
        [
            *(binary(size) for size in (16, 4, -8, 0, "8", 8.0)),
            *(binary(8, head=head) for head in (10**9, -8, "x", 0)),
            binary(8, b"\0" * 12),
            binary(8, b""),
        ],
    )
    def test_others_are_refused(self, answer, peer):
        peer.answer = answer
        assert failure(np.zeros(2, np.float32), np.float32).kind == "output"
