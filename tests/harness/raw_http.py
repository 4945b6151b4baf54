"""Sends exact bytes and reads the answers."""

from __future__ import annotations

import http.client
import io
import re
import select
import socket
import time
from collections.abc import Sequence

from harness.answers import Answer
from harness.client import Client

READ_TIMEOUT_S = 20.0


class _ReceivedBytes:
    """Enough of a socket for the standard library's response parser."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def send_bytes(client: Client, request: bytes, *, half_close: bool = False) -> bytes:
    """Send the bytes on a fresh connection; answers everything received until the peer closes or stays idle.

    The request should carry `Connection: close`, or the wait lasts for the read timeout.
    """
    received = bytearray()
    with socket.create_connection(client.address, timeout=READ_TIMEOUT_S) as connection:
        try:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            # The peer refused while we were still sending; what it said before that counts.
            pass
    return bytes(received)


def send_raw(
    client: Client, request: bytes, *, framing: bool = False, reveals: bool = False, half_close: bool = False
) -> Answer | None:
    """Send exact bytes and check the answer by the same rules; None when the peer closed without one.

    `framing=True` says that the HTTP server may refuse the bytes before the application sees them.
    """
    started = time.perf_counter()
    received = send_bytes(client, request, half_close=half_close)
    if not received:
        return None
    first_line = request.split(b"\r\n", 1)[0].split(b" ")
    method = first_line[0].decode("latin-1")
    path = first_line[1].decode("latin-1") if len(first_line) > 1 else "/"
    response = http.client.HTTPResponse(_ReceivedBytes(received), method=method)  # type: ignore[arg-type]
    response.begin()
    fields = tuple((name.lower(), value) for name, value in response.getheaders())
    answer = Answer(
        method=method,
        path=path,
        status=response.status,
        fields=fields,
        body=response.read(),
        sent_request_id=_sent(request, b"x-request-id"),
        sent_origin=_sent(request, b"origin"),
        # The application puts its id on everything it answers; without one the HTTP server spoke.
        framing=framing and not any(name == "x-request-id" for name, _ in fields),
        seconds=time.perf_counter() - started,
    )
    return client.check_answer(answer, reveals=reveals)


def _sent(request: bytes, name: bytes) -> str | None:
    """The value of one header field of the request, if it has one."""
    match = re.search(rb"(?i)^" + name + rb": *(.*?)\r?$", request.partition(b"\r\n\r\n")[0], re.MULTILINE)
    return match.group(1).decode("latin-1") if match else None


def request_bytes(
    client: Client,
    method: str,
    path: str,
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    *,
    content_length: bool = True,
) -> bytes:
    """A well-formed HTTP/1.1 request, as a base to disfigure."""
    host, port = client.address
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    if content_length and (body or method in {"POST", "PUT", "PATCH"}):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def send_in_pieces(
    client: Client, pieces: Sequence[bytes], *, pause: float = 0.02, idle_s: float | None = None
) -> bytes:
    """Send each piece as a packet of its own; answers everything received until the peer closes.

    The server has `pause` seconds to read a piece before the next one comes. With `idle_s`, a peer that has sent
    something and then nothing for so long is done as well.
    """
    received = bytearray()
    with socket.create_connection(client.address, timeout=READ_TIMEOUT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, piece in enumerate(pieces):
            if number:
                select.select([connection], [], [], pause)
            try:
                connection.sendall(piece)
            except ConnectionError:
                break
        try:
            while part := connection.recv(65536):
                received += part
                connection.settimeout(idle_s or READ_TIMEOUT_S)
        except ConnectionResetError:
            pass
        except TimeoutError:
            if idle_s is None or not received:
                raise
    return bytes(received)


def response_statuses(received: bytes) -> list[int]:
    """The status of every response in the bytes of one connection, of which every body has a length."""
    stream, found = io.BytesIO(received), []
    while stream.tell() < len(received):
        response = http.client.HTTPResponse(_Stream(stream))  # type: ignore[arg-type]
        response.begin()
        assert response.length is not None, "a response of unknown length"
        response.read()
        found.append(response.status)
    return found


class _Stream:
    """A socket whose file is this one, and stays open."""

    def __init__(self, stream: io.BytesIO) -> None:
        self._stream = stream

    def makefile(self, mode: str) -> _UnclosableFile:
        return _UnclosableFile(self._stream)


class _UnclosableFile:
    def __init__(self, stream: io.BytesIO) -> None:
        self.read, self.readline, self.readinto = stream.read, stream.readline, stream.readinto
        self.closed = False

    def close(self) -> None:
        return None

    def flush(self) -> None:
        return None
