"""Messages between a worker and its supervisor.

A worker reports its counts once a second, which is its heartbeat. It may ask for the counts of the service. A message
is its length in four bytes and a MessagePack text.
"""

import asyncio
import contextlib
import socket
from typing import Generic, Self, TypeVar

import msgspec

from linkxg.http.metrics import Counts

REPORT_S = 1.0
T = TypeVar("T")


class WorkerReport(msgspec.Struct):
    """From a worker: its counts. `asks` is the number of a question, from 1.

    `failed` is why a worker could not start; it is its only report.
    """

    counts: Counts
    asks: int = 0
    failed: str = ""


class ServiceCounts(msgspec.Struct):
    """To a worker: the counts of the service when it asked question `asked`."""

    counts: Counts
    asked: int


class Channel(Generic[T]):
    """One end of a pair of sockets; what comes in is of type `T`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, comes: type[T]) -> None:
        self._reader = reader
        self._writer = writer
        self._decode = msgspec.msgpack.Decoder(comes).decode

    @classmethod
    async def open(cls, end: socket.socket, comes: type[T]) -> Self:
        return cls(*await asyncio.open_connection(sock=end), comes)

    @property
    def is_backlogged(self) -> bool:
        """Whether earlier messages are still buffered: the other side does not read."""
        return self._writer.transport.get_write_buffer_size() > 0

    def send(self, message: msgspec.Struct) -> None:
        """Send without waiting; nothing is sent to a closed end."""
        self._writer.write(_framed(message))

    async def receive(self) -> T | None:
        """The next message, None once the other side has ended."""
        try:
            length = int.from_bytes(await self._reader.readexactly(4))
            return self._decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close(self) -> None:
        """Once everything sent has left."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def send_now(end: socket.socket, message: msgspec.Struct) -> None:
    """Send through an end without an event loop."""
    with contextlib.suppress(OSError):
        end.sendall(_framed(message))


def _framed(message: msgspec.Struct) -> bytes:
    text = msgspec.msgpack.encode(message)
    return len(text).to_bytes(4) + text
