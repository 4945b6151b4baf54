"""Messages between a worker and its supervisor.

A worker reports its counts once a second, which is also its heartbeat, and may query the counts of the whole service.
A message is MessagePack with a length prefix of four bytes.
"""

import asyncio
import contextlib
import socket
from typing import Generic, Self, TypeVar

import msgspec

from linkxg.http.metrics import Counts

REPORT_INTERVAL_S = 1.0
T = TypeVar("T")


class WorkerReport(msgspec.Struct):
    """From a worker. `query` numbers a query, from 1; `failed` is why a worker could not start, in its only report."""

    counts: Counts
    query: int = 0
    failed: str = ""


class ServiceCounts(msgspec.Struct):
    """To a worker: the counts of the service, in response to `query`."""

    counts: Counts
    query: int


class Channel(Generic[T]):
    """One end of a socket pair that receives messages of type `T`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message_type: type[T]) -> None:
        self._reader = reader
        self._writer = writer
        self._decode = msgspec.msgpack.Decoder(message_type).decode

    @classmethod
    async def open(cls, sock: socket.socket, message_type: type[T]) -> Self:
        return cls(*await asyncio.open_connection(sock=sock), message_type)

    @property
    def is_congested(self) -> bool:
        """Whether the other end has not read earlier messages yet."""
        return self._writer.transport.get_write_buffer_size() > 0

    def send(self, message: msgspec.Struct) -> None:
        """Never waits; does nothing once the other end is closed."""
        self._writer.write(_frame(message))

    async def receive(self) -> T | None:
        """The next message; None once the other end is closed."""
        try:
            length = int.from_bytes(await self._reader.readexactly(4))
            return self._decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close(self) -> None:
        """Flush and close."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def send_blocking(sock: socket.socket, message: msgspec.Struct) -> None:
    """Send over a socket that no event loop uses yet."""
    with contextlib.suppress(OSError):
        sock.sendall(_frame(message))


def _frame(message: msgspec.Struct) -> bytes:
    payload = msgspec.msgpack.encode(message)
    return len(payload).to_bytes(4) + payload
