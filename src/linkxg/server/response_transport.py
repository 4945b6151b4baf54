"""The transport as the responses of one connection see it: the protocol decides how the connection ends.

A head leaves with the first part of its body, in one write: a worker that dies between two writes would leave its
caller, or a proxy that could still ask another node, with the head of an answer that never comes.
"""

import asyncio
from collections.abc import Callable


class ResponseTransport:
    """What uvicorn's cycles use of a transport; `close` is the protocol's."""

    __slots__ = ("_call_soon", "_close", "_expects_head", "_held", "_write", "is_closing")

    def __init__(
        self, transport: asyncio.Transport, close: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._write: Callable[[bytes], object] = transport.write
        self.is_closing = transport.is_closing
        self._close = close
        self._call_soon = loop.call_soon
        self._held = b""
        self._expects_head = True

    def write(self, data: bytes) -> None:
        """Hold a head until its body follows, at most until the event loop's next turn."""
        if self._expects_head:
            self._expects_head = False
            self._held = data
            self._call_soon(self._flush)
            return
        if self._held:
            data, self._held = self._held + data, b""
        self._write(data)

    def end_response(self) -> None:
        """What is written next is the head of another response."""
        self._flush()
        self._expects_head = True

    def close(self) -> None:
        self._flush()
        self._close()

    def lose(self) -> None:
        """The connection is lost: what is written from now on is dropped, for the transport would raise an error."""
        self._write = _drop

    def _flush(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self._write(data)


def _drop(data: object) -> None:
    """Nobody is there to read `data`."""
