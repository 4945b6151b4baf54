"""The rows of NDJSON, or of one JSON array."""

import codecs
import json
import re
from collections.abc import Iterator

from linkxg.http.strict_json import short
from linkxg.jobs.lines import Lines, Unreadable, too_large
from linkxg.jobs.model import MAX_ROW_BYTES

_SPACE = re.compile(r"[ \t\r\n]*")
_BLANK = " \t\r\n"
_BOM = "\ufeff"


class NdjsonRows:
    """(line, text) of one JSON value per line; empty lines are skipped. Raises Unreadable."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._lines = Lines(blocks)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self._lines, 1):
            self._lines.row_after = number
            if not line.isspace():
                yield number, line.strip()

    def bytes_read(self) -> int:
        return self._lines.bytes_read(self._lines.row_after)


class JsonText:
    """A JSON text in a window that moves over it; the decoder finds the end of each value. Raises Unreadable."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._pieces = _pieces(blocks)
        self._window = ""
        self._position = 0
        self._line = self._column = 1
        self._bytes_read = 0
        self._decoder = json.JSONDecoder(parse_int=short, parse_float=short)

    def bytes_read(self) -> int:
        return self._bytes_read

    def _elements(self) -> Iterator[tuple[int, str]]:
        """(line, text) of the elements of an array, whose bracket is the next character."""
        self._advance(1)
        if self._peek() == "]":
            self._advance(1)
            return
        mark = ","
        while mark == ",":
            self._peek()
            line = self._line
            yield line, self._element()
            mark = self._peek()
            self._skip_mark()
        if mark != "]":
            raise self._broken()

    def _peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        if self._position < len(self._window) and (mark := self._window[self._position]) not in _BLANK:
            return mark
        while True:
            space = _SPACE.match(self._window, self._position)
            assert space is not None
            self._advance(space.end() - self._position)
            if self._position < len(self._window):
                return self._window[self._position]
            if not self._refill():
                return ""

    def _element(self) -> str:
        while True:
            try:
                end = self._decoder.raw_decode(self._window, self._position)[1]
            except RecursionError:
                raise self._broken() from None
            except ValueError:
                # It may continue in the next block.
                if len(self._window) - self._position > MAX_ROW_BYTES:
                    raise too_large(self._line) from None
                if not self._refill():
                    raise self._broken() from None
                continue
            if end == len(self._window) and self._refill():
                # A number may continue.
                continue
            text = self._window[self._position : end]
            if len(text) > MAX_ROW_BYTES:
                raise too_large(self._line)
            self._advance(end - self._position)
            return text

    def _skip_mark(self) -> None:
        """Skip the character that `_peek` has returned."""
        self._position += 1
        self._column += 1
        self._bytes_read += 1

    def _advance(self, count: int) -> None:
        passed = self._window[self._position : self._position + count]
        self._line += passed.count("\n")
        self._column = len(passed) - passed.rfind("\n") + (0 if "\n" in passed else self._column - 1)
        self._bytes_read += len(passed) if passed.isascii() else len(passed.encode())
        self._position += count

    def _refill(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._window, self._position = self._window[self._position :] + piece, 0
        return True

    def _broken(self) -> Unreadable:
        message = "This is not valid JSON, so the beginning of the next row cannot be found."
        return Unreadable("not_json", message, self._line)


class JsonRows(JsonText):
    """(line, text) of the elements of one JSON array. Raises Unreadable."""

    def __iter__(self) -> Iterator[tuple[int, str]]:
        if self._peek() != "[":
            raise Unreadable("not_json", "The file must be one JSON array.")
        yield from self._elements()
        if self._peek():
            raise self._broken()


def _pieces(blocks: Iterator[bytes]) -> Iterator[str]:
    """The text, split between characters."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    for place, block in enumerate(blocks):
        text = decode(block)
        yield text if place else text.removeprefix(_BOM)
