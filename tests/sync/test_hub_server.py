"""Clients that are slow, stuck or many: each is bounded, and the others are served."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request, Response

from sync.faces import hub_http, hub_server
from sync.faces.hub_http import add_problems, read_body
from sync.language import Language

BODY = b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\n"


@pytest.fixture
def patience_s() -> float:
    return 0.2


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, patience_s: float) -> Iterator[int]:
    """A server of one route that answers with what it was sent."""
    monkeypatch.setattr(hub_server, "HEAD_TIMEOUT_S", patience_s)
    monkeypatch.setattr(hub_server, "MOST_CONNECTIONS", 4)
    monkeypatch.setattr(hub_http, "READ_TIMEOUT_S", patience_s)
    app = FastAPI()
    add_problems(app, Language("en", ["sync"]))

    @app.post("/")
    async def echo(request: Request) -> Response:
        body = await read_body(request, 100)
        return Response(body, 413 if body is None else 200)

    server = hub_server.make_server(app, drain_s=0, draining=lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        yield connection


def heard(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes; it may do so abruptly."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            data += part
    return data


@pytest.mark.parametrize("said", [b"", b"POST /", BODY[:-2]])
def test_a_head_that_does_not_come_is_not_waited_for(port: int, said: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(said)
        assert heard(connection) == b""


def test_a_second_head_that_does_not_come_is_not_waited_for(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(BODY + b"12345" + BODY[:20])
        assert heard(connection).count(b"HTTP/1.1 200") == 1


def test_a_body_that_does_not_come_is_408(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(BODY + b"12")
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize("patience_s", [60])
def test_a_request_that_comes_in_time_is_answered_and_the_connection_kept(port: int) -> None:
    with connected(port) as connection:
        for _ in range(3):
            connection.sendall(BODY[:30])
            connection.sendall(BODY[30:] + b"12")
            connection.sendall(b"345")
            answer = b""
            while not answer.endswith(b"12345"):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")


def test_a_head_too_long_is_refused(port: int) -> None:
    with connected(port) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(BODY[:-2] + b"X: " + b"x" * 100_000)
        assert heard(connection)[:12] in (b"HTTP/1.1 400", b"")


@pytest.mark.parametrize("length", [b"101", b"9" * 18, b"9" * 5000])
@pytest.mark.parametrize("patience_s", [60])
def test_a_body_that_says_it_is_too_long_is_not_waited_for(port: int, length: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(BODY.replace(b"5", length) + b"12")
        assert connection.recv(65536)[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 400")


@pytest.mark.parametrize("rest", [b"3", b"3" * 99, b"3" * 99 + BODY[:20]])
def test_what_nobody_wanted_is_not_waited_for(port: int, rest: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(BODY.replace(b"5", b"101") + b"12")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")
        connection.sendall(rest)
        assert heard(connection) == b""


@pytest.mark.parametrize("patience_s", [60])
def test_a_request_behind_a_refused_body_is_answered(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(BODY.replace(b"5", b"101") + b"1" * 50)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")
        connection.sendall(b"1" * 51 + BODY + b"12345")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("patience_s", [60])
def test_too_many_connections_are_told_to_come_again(port: int) -> None:
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connected(port)) for _ in range(5)]
        connections[-1].sendall(BODY + b"12345")
        assert connections[-1].recv(65536).startswith(b"HTTP/1.1 503")
