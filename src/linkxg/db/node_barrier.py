"""The barrier between the processes of one node: a revocation is answered once its workers have applied it.

After a commit that appended changes, the process that wrote sends them to every other worker of the node and waits for
the acknowledgements. A worker that does not acknowledge in time reads them from the database, as another node does.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from linkxg.db.database import UnsafeDatabase
from linkxg.db.invalidation_feed import Invalidation
from linkxg.db.node_sockets import SocketDirectory

ACK_TIMEOUT_S = 0.05
_MESSAGE_CHANGES = 500
_MESSAGE_BYTES = 128 * 1024
_log = logging.getLogger(__name__)


class Message(msgspec.Struct, array_like=True):
    """Committed changes under a number, which the receiver sends back once it has applied them."""

    number: int
    changes: list[Invalidation]


_decode = msgspec.msgpack.Decoder(Message).decode


class Peer:
    """The connection to another worker. It never blocks, and holds no more than the kernel's buffer."""

    def __init__(self, name: str, end: socket.socket, on_close: Callable[[str], object]) -> None:
        self.pid = name.partition("-")[0]
        self._name = name
        self._end = end
        self._on_close = on_close
        self._pending: dict[int, asyncio.Future[None]] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._acknowledged)

    def send(self, number: int, message: bytes) -> asyncio.Future[None]:
        """Done once the worker has applied `message`, or has ended."""
        applied = self._pending[number] = self._loop.create_future()
        try:
            self._end.send(message)
        except BlockingIOError:
            # The worker does not read; it will get the changes from the database.
            pass
        except OSError:
            self.close()
            # `close` finishes only what was pending before.
            _finish(applied)
        return applied

    def forget(self, number: int) -> None:
        self._pending.pop(number, None)

    def close(self) -> None:
        """Acknowledge everything: a worker that has ended accepts no token."""
        if self._end.fileno() == -1:
            return
        self._loop.remove_reader(self._end.fileno())
        self._end.close()
        for applied in self._pending.values():
            _finish(applied)
        self._on_close(self._name)

    def _acknowledged(self) -> None:
        try:
            number = self._end.recv(8)
        except BlockingIOError:
            return
        except OSError:
            number = b""
        if not number:
            self.close()
            return
        applied = self._pending.pop(int.from_bytes(number), None)
        if applied is not None:
            _finish(applied)


class NodeBarrier:
    """Sends committed changes to the workers of this node; `apply` is called with theirs after `listen`."""

    def __init__(self, data_dir: Path, apply: Callable[[Sequence[Invalidation]], None]) -> None:
        self._sockets = SocketDirectory(data_dir)
        self._apply = apply
        self._name = ""
        self._listener: socket.socket | None = None
        self._connections: dict[int, socket.socket] = {}
        self._peers: dict[str, Peer] = {}
        self._last = 0

    def listen(self) -> None:
        """Start to apply the commits of the node's other processes. Raises UnsafeDatabase."""
        self._sockets.make()
        # Removes the sockets of killed processes.
        self._connect_peers()
        try:
            self._name, self._listener = self._sockets.bind()
        except OSError as error:
            # Not every file system has sockets. The changes still come from the database.
            _log.error("no worker can confirm revocations to this one: %s", error.strerror or error)
            return
        asyncio.get_running_loop().add_reader(self._listener.fileno(), self._accept)

    async def confirm(self, changes: Sequence[Invalidation]) -> None:
        """Return once every other worker of the node has applied `changes`, or after ACK_TIMEOUT_S."""
        try:
            peers = self._connect_peers()
        except UnsafeDatabase as error:
            _log.error("no worker can confirm a revocation: %s", error)
            return
        waiting: dict[asyncio.Future[None], tuple[Peer, int]] = {}
        for start in range(0, len(changes) if peers else 0, _MESSAGE_CHANGES):
            self._last += 1
            message = Message(self._last, list(changes[start : start + _MESSAGE_CHANGES]))
            encoded = msgspec.msgpack.encode(message)
            waiting |= {peer.send(self._last, encoded): (peer, self._last) for peer in peers}
        if not waiting:
            return
        _, silent = await asyncio.wait(waiting, timeout=ACK_TIMEOUT_S)
        for applied in silent:
            peer, number = waiting[applied]
            peer.forget(number)
            _log.warning("worker %s has not confirmed a revocation in time", peer.pid)

    def close(self) -> None:
        """Stop listening: no other worker waits for this one afterwards."""
        if self._listener is not None:
            self._sockets.remove(self._name)
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None
        for connection in list(self._connections.values()):
            self._disconnect(connection)
        for peer in list(self._peers.values()):
            peer.close()
        self._sockets.close()

    def _connect_peers(self) -> list[Peer]:
        """The other workers of the node."""
        for name in self._sockets.names():
            if name == self._name or name in self._peers:
                continue
            end = self._sockets.connect(name)
            if end is not None:
                self._peers[name] = Peer(name, end, self._peers.pop)
        return list(self._peers.values())

    def _accept(self) -> None:
        assert self._listener is not None
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._connections[connection.fileno()] = connection
            asyncio.get_running_loop().add_reader(connection.fileno(), self._receive, connection)

    def _receive(self, connection: socket.socket) -> None:
        try:
            received = connection.recv(_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._disconnect(connection)
            return
        try:
            message = _decode(received)
            self._apply(message.changes)
            connection.send(message.number.to_bytes(8))
        except Exception as error:  # noqa: BLE001  unconfirmed: the sender waits, and the database tells soon
            _log.warning("changes of another worker: %s", type(error).__name__)

    def _disconnect(self, connection: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(connection.fileno())
        del self._connections[connection.fileno()]
        connection.close()


def _finish(applied: asyncio.Future[None]) -> None:
    if not applied.done():
        applied.set_result(None)
