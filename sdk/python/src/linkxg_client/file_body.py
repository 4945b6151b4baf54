"""A file, or a part of it, as the body of a request: read in pieces, from its beginning again for every attempt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx

PIECE = 256 * 1024
OnSent = Callable[[int, int], None]
"""Called with the bytes that were sent and all that there are."""


class FileBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The file, in pieces of 256 KiB."""

    replayable = True

    def __init__(
        self, path: Path, on_sent: OnSent | None = None, *, offset: int = 0, length: int | None = None
    ) -> None:
        self._path = path
        self._on_sent = on_sent
        self._offset = offset
        self._total = path.stat().st_size
        rest = self._total - offset
        self.size = rest if length is None else min(length, rest)

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        with self._path.open("rb") as file:
            file.seek(self._offset)
            while piece := file.read(min(PIECE, self.size - sent)):
                yield piece
                sent += len(piece)
                if self._on_sent is not None:
                    self._on_sent(self._offset + sent, self._total)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece
