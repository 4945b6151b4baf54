"""The lines of a stored file, in bounded memory."""

import codecs
import io
from collections.abc import Iterator

from linkxg.jobs.model import MAX_ROW_BYTES


class Unreadable(Exception):
    """Nothing after this place can be read; the message says why. `line` is where the row begins, 0 if unknown."""

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.line = line


class Lines:
    """The lines of a file in blocks, with their line ends.

    Raises Unreadable for a row of more than 1 MB: a quotation mark that is never closed would swallow the file.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        # The lines of the present block, the number of lines before it, and those counted in `_bytes_read`.
        self._block_lines: list[str] = []
        self._lines_before = 0
        self._lines_counted = 0
        self._bytes_read = 0
        self._open_row_size = 0
        self.row_after = 0
        """The line before the present row; set by the reader of rows."""

    def __iter__(self) -> Iterator[str]:
        for text in self._line_aligned():
            self._end_block()
            self._block_lines = list(io.StringIO(text, newline=""))
            if max(map(len, self._block_lines)) <= MAX_ROW_BYTES:
                yield from self._block_lines
                continue
            for line in self._block_lines:
                if len(line) > MAX_ROW_BYTES:
                    raise too_large(self.row_after + 1)
                yield line

    def bytes_read(self, count: int) -> int:
        """The bytes of the file up to the end of line `count` in the present block."""
        passed = "".join(self._block_lines[self._lines_counted : count - self._lines_before])
        self._lines_counted = count - self._lines_before
        self._bytes_read += len(passed) if passed.isascii() else len(passed.encode())
        return self._bytes_read

    def _end_block(self) -> None:
        """The block has been read; a row may continue in the next one."""
        self.bytes_read(self._lines_before + len(self._block_lines))
        if self.row_after >= self._lines_before:
            self._open_row_size = 0
        self._open_row_size += sum(map(len, self._block_lines[max(self.row_after - self._lines_before, 0) :]))
        if self._open_row_size > MAX_ROW_BYTES:
            raise too_large(self.row_after + 1)
        self._lines_before += len(self._block_lines)
        self._lines_counted = 0

    def _line_aligned(self) -> Iterator[str]:
        rest = b""
        for block in self._without_bom():
            # Split after a line, so never inside a character or CR LF; a CR at the very end may be half of one.
            block = rest + block
            end = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
            rest = block[end:]
            if end:
                yield block[:end].decode()
            elif len(rest) > MAX_ROW_BYTES:
                raise too_large(self.row_after + 1)
        if rest:
            yield rest.decode()

    def _without_bom(self) -> Iterator[bytes]:
        for place, block in enumerate(self._blocks):
            if not place and block.startswith(codecs.BOM_UTF8):
                self._bytes_read += len(codecs.BOM_UTF8)
                block = block.removeprefix(codecs.BOM_UTF8)
            yield block


def too_large(line: int) -> Unreadable:
    message = "A row may have at most 1 MB; check for an unclosed quotation mark or bracket."
    return Unreadable("row_too_large", message, line)
