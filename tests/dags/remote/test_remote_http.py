"""A remote step and a server that is busy, sends elsewhere or locks out; secrets are sent and never told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import headrace as hr
from headrace_dags.errors import HeadraceError

TENSOR = {"datatype": "BYTES", "shape": [1]}
SPEC = {"inputs": [{"name": "text", **TENSOR}], "outputs": [{"name": "result", **TENSOR}]}
ANSWER = {"outputs": [{"name": "result", **TENSOR, "data": ["told"]}]}
KEY = "key-of-the-peer-0123456789"


@hr.remote("${PEER_URL}/v2/models/told", token=hr.Secret("PEER_KEY"))
def told(text: hr.Text) -> hr.Text: ...


class Peer(BaseHTTPRequestHandler):
    """Answers calls with the statuses that its server holds, then well."""

    def do_GET(self):
        self._send(200, {"extensions": []} if self.path == "/v2" else SPEC)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(self.headers["Authorization"])
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self._send(status, ANSWER if status == 200 else {"error": f"not with {self.headers['Authorization']}"})

    def _send(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After", "0")
        self.send_header("Location", "http://elsewhere.invalid/")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    """One server for all tests: a step keeps the connection that its first call made."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def peer(server, monkeypatch):
    """The server, which has seen nothing yet; its address and key are in the environment."""
    server.seen, server.statuses = [], []
    monkeypatch.setenv("PEER_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("PEER_KEY", KEY)
    return server


def test_a_busy_server_is_asked_again(peer):
    peer.statuses[:] = [503]
    assert told("x") == "told"
    assert peer.seen == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize(
    ("statuses", "said"), [([503, 503], "503"), ([307], "redirects are not followed"), ([401], "401")]
)
def test_a_failure_tells_the_status_and_no_secret(peer, statuses, said):
    peer.statuses[:] = list(statuses)
    with pytest.raises((HeadraceError, hr.EndpointFailed), match=said) as raised:
        told("x")
    assert KEY not in f"{raised.value!r} {raised.value}"
    assert len(peer.seen) == len(statuses)
