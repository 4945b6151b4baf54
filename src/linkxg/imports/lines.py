"""Reads a stored file line by line in constant memory."""

import codecs
import io
import re
from collections.abc import Iterator

from linkxg.imports.model import MAX_ROW_BYTES

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no text may have; PostgreSQL takes NUL in none."""


class Unreadable(Exception):
    """Nothing beyond this place can be read; the message says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Lines:
    """Lines with their ends, of a file in blocks.

    Raises Unreadable for a row of more than 1 MB: a quotation mark that is never closed would else swallow the file.
    What is done for a line is done for a whole block at once, half a million lines are many.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        # Of the block that is being read, the number of lines before it, and how many of its own are in `_taken`.
        self._lines: list[str] = []
        self._before = 0
        self._counted = 0
        self._taken = 0
        self._open = 0
        self.row_after = 0
        """The line after which the row began that is being read; whoever reads rows sets it."""

    def __iter__(self) -> Iterator[str]:
        for text in self._texts():
            self._leave()
            self._lines = list(io.StringIO(text, newline=""))
            if max(map(len, self._lines)) <= MAX_ROW_BYTES:
                yield from self._lines
                continue
            for line in self._lines:
                if len(line) > MAX_ROW_BYTES:
                    raise too_large()
                yield line

    def taken(self, count: int) -> int:
        """The bytes of the file up to the end of line `count`, which is of the block that is being read."""
        passed = "".join(self._lines[self._counted : count - self._before])
        self._counted = count - self._before
        self._taken += len(passed) if passed.isascii() else len(passed.encode())
        return self._taken

    def _leave(self) -> None:
        """Everything of the block has been read; a row may still be open."""
        self.taken(self._before + len(self._lines))
        if self.row_after >= self._before:
            self._open = 0
        self._open += sum(map(len, self._lines[max(self.row_after - self._before, 0) :]))
        if self._open > MAX_ROW_BYTES:
            raise too_large()
        self._before += len(self._lines)
        self._counted = 0

    def _texts(self) -> Iterator[str]:
        rest = b""
        for block in self._whole():
            # Cut after a line: then no character is cut in two, and no CR LF. A CR at the very end may be half of one.
            block = rest + block
            end = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
            rest = block[end:]
            if end:
                yield block[:end].decode()
            elif len(rest) > MAX_ROW_BYTES:
                raise too_large()
        if rest:
            yield rest.decode()

    def _whole(self) -> Iterator[bytes]:
        for place, block in enumerate(self._blocks):
            if not place and block.startswith(codecs.BOM_UTF8):
                self._taken += len(codecs.BOM_UTF8)
                block = block.removeprefix(codecs.BOM_UTF8)
            yield block


def too_large() -> Unreadable:
    return Unreadable("row_too_large", "A row has at most 1 MB; is a quotation mark or a bracket never closed?")
