"""A process beside that of the jobs, for work that needs neither the database nor an answer at once: on another core.

Two threads of one process would share an interpreter, in which parsing and writing wait for each other.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from typing import NoReturn

ANSWER_S = 60.0
"""As long as the process of the jobs may be silent."""
_LENGTH = 8


class SideProcessDied(RuntimeError):
    """The process has died or does not answer, so that of the jobs cannot go on either."""


class SideProcess:
    """Answers requests by `work`, a function of bytes. Forked at once, so make it before any thread is started.

    It ends with the process that has made it, whose end of the socket is closed then, however that ends.
    """

    def __init__(self, work: Callable[[bytes], bytes]) -> None:
        self._socket, theirs = socket.socketpair()
        if os.fork() == 0:
            self._socket.close()
            _serve(theirs, work)
        theirs.close()
        self._socket.settimeout(ANSWER_S)

    def ask(self, request: bytes) -> bytes:
        """The answer; blocks until it has come. Raises SideProcessDied."""
        try:
            _send(self._socket, request)
            answer = _receive(self._socket)
        except OSError as error:
            raise SideProcessDied(f"the side process: {type(error).__name__}") from error
        if answer is None:
            raise SideProcessDied("the side process has died")
        return answer

    def close(self) -> None:
        """End the process."""
        self._socket.close()


def _serve(connection: socket.socket, work: Callable[[bytes], bytes]) -> NoReturn:
    """Never returns, lest the copy of the process of jobs goes on."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # While it held the pipes, nobody would notice that the process of the jobs has died.
        with open(os.devnull, "r+b", buffering=0) as nothing:
            for standard in (0, 1):
                os.dup2(nothing.fileno(), standard)
        while (request := _receive(connection)) is not None:
            _send(connection, work(request))
    except BaseException:  # noqa: BLE001  the other process says that this one has died
        os._exit(1)
    os._exit(0)


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(len(message).to_bytes(_LENGTH))
    connection.sendall(message)


def _receive(connection: socket.socket) -> bytes | None:
    """A message; None if the other side has closed."""
    head = _read(connection, _LENGTH)
    return None if head is None else _read(connection, int.from_bytes(head))


def _read(connection: socket.socket, size: int) -> bytes | None:
    found, place = bytearray(size), 0
    with memoryview(found) as view, contextlib.suppress(ConnectionResetError):
        while place < size:
            count = connection.recv_into(view[place:])
            if not count:
                return None
            place += count
        return bytes(found)
    return None
