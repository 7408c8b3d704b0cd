"""A remote step of a server whose certificate nobody vouches for: it is told nothing, and nobody tries again."""

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

import headrace as hr
from headrace_dags.errors import HeadraceError

PEM = Path(__file__).with_name("signed_by_nobody.pem")


@pytest.fixture
def https():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet():
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, suppress(OSError), context.wrap_socket(connection, server_side=True):
                        pass

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def grpcs():
    server = grpc.server(ThreadPoolExecutor(1))
    pem = PEM.read_bytes()
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(pem, pem)]))
    server.start()
    yield f"grpcs://localhost:{port}"
    server.stop(None).wait()


@pytest.mark.parametrize(("scheme", "variable"), [("https", "SSL_CERT_FILE"), ("grpcs", "GRPC_DEFAULT_SSL_ROOTS_FILE")])
def test_a_certificate_that_is_not_valid_is_told_at_the_start(scheme, variable, request, monkeypatch):
    monkeypatch.setenv("PEER_URL", request.getfixturevalue(scheme))
    monkeypatch.setenv("PEER_KEY", "key-of-the-peer-0123456789")

    @hr.remote("${PEER_URL}/v2/models/m", token=hr.Secret("PEER_KEY"))
    def asked(text: hr.Text) -> hr.Text: ...

    with pytest.raises(HeadraceError, match=f"remote-away.*CERTIFICATE.*{variable}"):
        asked("x")
