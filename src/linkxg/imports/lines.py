"""How is a stored file taken line by line, in memory that does not grow with it?"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from linkxg.imports.model import MAX_ROW_BYTES

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no text may have; PostgreSQL takes NUL in none."""


class Unreadable(Exception):
    """Nothing beyond this place can be read; the message says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Row(NamedTuple):
    """Row `number` begins on `line`, both counted from 1; `taken` bytes of the file end with it.

    `value` is a list of cells, or the text of one JSON value.
    """

    number: int
    line: int
    taken: int
    value: Any


class Lines:
    """Lines with their ends, of a file in blocks; counts lines and bytes as they are taken.

    Raises Unreadable for a row of more than 1 MB: a quotation mark that is never closed would else swallow the file.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.number = 0
        self.taken = 0
        self.of_row = 0
        """Characters of the row that is being read; whoever reads rows sets it back."""

    def __iter__(self) -> Iterator[str]:
        rest = b""
        for block in self._whole():
            # Cut after a line: then no character is cut in two, and no CR LF.
            end = block.rfind(b"\n") + 1
            if not end:
                rest += block
                if len(rest) > MAX_ROW_BYTES:
                    raise too_large()
                continue
            yield from self._split((rest + block[:end]).decode())
            rest = block[end:]
        yield from self._split(rest.decode())

    def _whole(self) -> Iterator[bytes]:
        for place, block in enumerate(self._blocks):
            if not place and block.startswith(codecs.BOM_UTF8):
                self.taken += len(codecs.BOM_UTF8)
                block = block.removeprefix(codecs.BOM_UTF8)
            yield block

    def _split(self, text: str) -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            self.number += 1
            size = len(line)
            self.taken += size if line.isascii() else len(line.encode())
            self.of_row += size
            if self.of_row > MAX_ROW_BYTES:
                raise too_large()
            yield line


def too_large() -> Unreadable:
    return Unreadable("row_too_large", "A row has at most 1 MB; is a quotation mark or a bracket never closed?")
