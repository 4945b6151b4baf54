"""Idle and closing connections are bounded like all others. Security rules L4 and 124."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory
from harness.raw_http import response_statuses
from harness.server import Server
from harness.tls import ADDRESS, self_signed

PER_SOURCE = 256
HANDSHAKE_S = 10
LAST = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def own_address() -> str:
    """An address of this machine that is not loopback: the bound per source leaves loopback out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the system only chooses the address that it would send from.
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return ADDRESS
        return str(probe.getsockname()[0])


@pytest.fixture
def secure(new_server: ServerFactory, tmp_path: Path) -> Iterator[tuple[Server, ssl.SSLContext]]:
    """A server that ends TLS itself, as it has to for peers elsewhere, and what its clients trust."""
    certificate, key = self_signed(tmp_path)
    server = new_server(LINKXG_TLS_CERT=str(certificate), LINKXG_TLS_KEY=str(key))
    server.environment["LINKXG_PUBLIC_URL"] = f"https://{ADDRESS}:{server.port}"
    server.bootstrap("Acme GmbH")
    yield server.start(), ssl.create_default_context(cafile=str(certificate))
    server.close()


def connection_from(source: str, server: Server, trust: ssl.SSLContext) -> ssl.SSLSocket:
    """One that takes little before it is full: small segments keep the buffer of the other side small."""
    with socket.socket() as plain:
        plain.settimeout(20)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        plain.bind((source, 0))
        plain.connect((ADDRESS, server.port))
        # The wrapper takes the descriptor over; what is left of the plain socket closes nothing.
        return trust.wrap_socket(plain, server_hostname=ADDRESS)


def ask(source: str, server: Server, trust: ssl.SSLContext) -> list[int]:
    """The status of one request; nothing when the connection is closed without an answer."""
    received = bytearray()
    with contextlib.suppress(ConnectionError, ssl.SSLError), connection_from(source, server, trust) as connection:
        connection.sendall(LAST % b"/healthz")
        while part := connection.recv(65_536):
            received += part
    return response_statuses(bytes(received))


def test_connections_that_wait_to_be_closed_count_for_their_source(secure: tuple[Server, ssl.SSLContext]) -> None:
    """Each has been answered for the last time, and nobody reads the answer."""
    source = own_address()
    if source == ADDRESS:
        pytest.skip("this machine has no address but loopback")
    with contextlib.ExitStack() as stack:
        for number in range(PER_SOURCE):
            if number == PER_SOURCE - 1:
                assert ask(source, *secure) == [200]
            waiting = stack.enter_context(connection_from(source, *secure))
            waiting.sendall(LAST % b"/api/v1/openapi.json")
            assert waiting.recv(12) == b"HTTP/1.1 200"
        assert ask(source, *secure) == []
        assert ask(ADDRESS, *secure) == [200]
    deadline = time.monotonic() + 10
    while ask(source, *secure) != [200]:
        assert time.monotonic() < deadline, "closed connections still count"


def test_an_unfinished_tls_handshake_ends_in_bounded_time(secure: tuple[Server, ssl.SSLContext]) -> None:
    address = (ADDRESS, secure[0].port)
    openings = {"nothing": b"", "half a record": b"\x16\x03\x01\x02\x00\x01"}
    with contextlib.ExitStack() as stack:
        started = time.monotonic()
        silent = {stack.enter_context(socket.create_connection(address)): name for name in openings}
        for connection, name in silent.items():
            connection.sendall(openings[name])
        while silent and (left := started + 2.5 * HANDSHAKE_S - time.monotonic()) > 0:
            for connection in select.select(list(silent), [], [], left)[0]:
                with contextlib.suppress(ConnectionResetError):
                    assert connection.recv(1) == b""
                del silent[connection]
        assert not silent, f"still open: {sorted(silent.values())}"
        assert time.monotonic() - started > HANDSHAKE_S / 2
        assert ask(ADDRESS, *secure) == [200]
