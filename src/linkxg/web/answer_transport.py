"""The transport as one response sees it: the protocol decides how a connection ends."""

import asyncio
from collections.abc import Callable


class AnswerTransport:
    """What uvicorn's cycles use of a transport; `close` is the protocol's."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close
