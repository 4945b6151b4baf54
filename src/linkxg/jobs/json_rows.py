"""The rows of NDJSON, or of one JSON array."""

import codecs
import json
import re
from collections.abc import Iterator

from linkxg.http.strict_json import short
from linkxg.jobs.lines import Lines, Unreadable, too_large
from linkxg.jobs.model import MAX_ROW_BYTES

_SPACE = re.compile(r"[ \t\r\n]*")
_BOM = "\ufeff"


class NdjsonRows:
    """(line, text) of one JSON value a line; empty lines are none. Raises Unreadable."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._lines = Lines(blocks)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self._lines, 1):
            self._lines.row_after = number
            if not line.isspace():
                yield number, line.strip()

    def taken(self) -> int:
        return self._lines.taken(self._lines.row_after)


class JsonRows:
    """(line, text) of the elements of one JSON array. Raises Unreadable.

    Finds where elements end with the decoder that reads them, in a window that moves over the text.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._pieces = _pieces(blocks)
        self._window = ""
        self._at = 0
        self._line = 1
        self._taken = 0
        self._decoder = json.JSONDecoder(parse_int=short, parse_float=short)

    def taken(self) -> int:
        return self._taken

    def __iter__(self) -> Iterator[tuple[int, str]]:
        if self._next() != "[":
            raise Unreadable("not_json", "The file must be one JSON array.")
        self._pass(1)
        if self._next() == "]":
            return
        mark = ","
        while mark == ",":
            self._next()
            line = self._line
            yield line, self._element()
            mark = self._next()
            self._pass(1)
        if mark != "]" or self._next():
            raise _broken()

    def _next(self) -> str:
        """The next character that is no white space, empty at the end."""
        while True:
            space = _SPACE.match(self._window, self._at)
            assert space is not None
            self._pass(space.end() - self._at)
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                return ""

    def _element(self) -> str:
        while True:
            try:
                end = self._decoder.raw_decode(self._window, self._at)[1]
            except RecursionError:
                raise _broken() from None
            except ValueError:
                # Perhaps it has not come in whole.
                if len(self._window) - self._at > MAX_ROW_BYTES:
                    raise too_large() from None
                if not self._more():
                    raise _broken() from None
                continue
            if end == len(self._window) and self._more():
                # A number may go on.
                continue
            text = self._window[self._at : end]
            if len(text) > MAX_ROW_BYTES:
                raise too_large()
            self._pass(end - self._at)
            return text

    def _pass(self, count: int) -> None:
        passed = self._window[self._at : self._at + count]
        self._line += passed.count("\n")
        self._taken += len(passed) if passed.isascii() else len(passed.encode())
        self._at += count

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._window, self._at = self._window[self._at :] + piece, 0
        return True


def _pieces(blocks: Iterator[bytes]) -> Iterator[str]:
    """The text, cut between characters."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    for place, block in enumerate(blocks):
        text = decode(block)
        yield text if place else text.removeprefix(_BOM)


def _broken() -> Unreadable:
    return Unreadable("not_json", "This is not valid JSON, so the beginning of the next row cannot be found.")
