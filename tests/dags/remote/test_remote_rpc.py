"""A remote step over gRPC: what the codes of a server mean, and what is sent to it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from tests.peers import given_up
from tritonclient.grpc import service_pb2, service_pb2_grpc

import headrace as hr

KEY = "key-of-the-peer-0123456789"


@hr.remote("${PEER_URL}/v2/models/told", token=hr.Secret("PEER_KEY"), headers={"X-Team": "vision"}, max_answer="64")
def told(text: hr.Text) -> hr.Text: ...


@hr.dag
def main(text: hr.Text) -> hr.Text:
    return told(text)


class Peer(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers with the codes that it is given, then well; as a server that knows no raw contents, where it is said."""

    def __init__(self):
        self.url, self.codes, self.seen, self.raw, self.answer = "", [], [], True, b"told"
        self.compression = grpc.Compression.NoCompression
        self.here, self.hold = threading.Event(), None

    def ModelMetadata(self, request, _):  # noqa: N802  # the protocol's name
        answer = service_pb2.ModelMetadataResponse(name=request.name)
        answer.inputs.add(name="text", datatype="BYTES", shape=[1])
        answer.outputs.add(name="result", datatype="BYTES", shape=[1])
        return answer

    def ModelInfer(self, _, context):  # noqa: N802  # the protocol's name
        self.seen.append(dict(context.invocation_metadata()))
        if self.hold:
            context.add_callback(self.hold.set)
            self.here.set()
            self.hold.wait(60)
        if self.codes:
            context.abort(self.codes.pop(0), f"not with {self.seen[-1]['authorization']}")
        context.set_compression(self.compression)
        answer = service_pb2.ModelInferResponse()
        output = answer.outputs.add(name="result", datatype="BYTES", shape=[1])
        if self.raw:
            answer.raw_output_contents.append(len(self.answer).to_bytes(4, "little") + self.answer)
        else:
            output.contents.bytes_contents.append(self.answer)
        return answer


@pytest.fixture(scope="module")
def server():
    """One server for all tests: a dag keeps the connection that its first run made."""
    made = Peer()
    server = grpc.server(ThreadPoolExecutor(2))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(made, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    made.url = f"grpc://127.0.0.1:{port}"
    yield made
    server.stop(None).wait()


@pytest.fixture
def peer(server, monkeypatch):
    monkeypatch.setenv("PEER_URL", server.url)
    monkeypatch.setenv("PEER_KEY", KEY)
    server.codes, server.seen, server.raw, server.answer = [], [], True, b"told"
    server.compression, server.hold = grpc.Compression.NoCompression, None
    return server


@pytest.mark.parametrize("raw", [True, False])
def test_headers_are_sent_and_the_answer_is_read(raw, peer):
    peer.raw = raw
    assert main("x") == "told"
    (seen,) = peer.seen
    assert (seen["authorization"], seen["x-team"]) == (f"Bearer {KEY}", "vision")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNAVAILABLE", "unavailable"),
        ("RESOURCE_EXHAUSTED", "unavailable"),
        ("DEADLINE_EXCEEDED", "timeout"),
        ("UNAUTHENTICATED", "environment"),
        ("INVALID_ARGUMENT", "input"),
        ("NOT_FOUND", "load"),
        ("INTERNAL", "step"),
    ],
)
def test_a_code_tells_who_is_at_fault(code, kind, peer):
    peer.codes = [grpc.StatusCode[code]]
    with pytest.raises(Exception, match=f"{code}: not with Bearer \\*\\*\\*") as raised:
        main("x")
    assert raised.value.__cause__.kind == kind
    assert KEY not in f"{raised.value!r} {raised.value}"
    assert len(peer.seen) == 1


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_an_answer_that_is_too_large_is_refused(compression, peer):
    peer.answer, peer.compression = b"x" * 1000, compression
    with pytest.raises(Exception, match="at most 64 bytes") as raised:
        main("x")
    assert raised.value.__cause__.kind == "output"


def test_a_call_that_nobody_waits_for_is_ended(peer):
    peer.hold = threading.Event()
    assert given_up(lambda: main("x"), when=peer.here)
    assert peer.hold.wait(60), "the server is told"
