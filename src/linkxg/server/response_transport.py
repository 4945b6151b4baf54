"""The transport as one response sees it: the protocol decides how a connection ends."""

import asyncio
from collections.abc import Callable


class ResponseTransport:
    """What uvicorn's cycles use of a transport; `close` is the protocol's."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write: Callable[[bytes], object] = transport.write
        self.is_closing = transport.is_closing
        self.close = close

    def lose(self) -> None:
        """The connection is lost: what is written from now on is dropped, for the transport would raise an error."""
        self.write = _drop


def _drop(data: object) -> None:
    """Nobody is there to read `data`."""
