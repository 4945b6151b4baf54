"""The rows of a file, a chunk at a time.

What is done for a chunk at once costs a row a fraction of what it would cost by itself.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import MAX_ROWS

BLOCKS = 2
"""Of the file, in one chunk at most: rows may be 1 MB each."""


class Rows(NamedTuple):
    """A chunk: the number of each row and the line on which it begins, counted from 1, and what it holds.

    A value is a list of cells, or the text of one JSON value. `taken` bytes of the file end with the last row.
    """

    numbers: Sequence[int]
    lines: Sequence[int]
    values: Sequence[Any]
    taken: int

    def at(self, places: Sequence[int]) -> "Rows":
        """Only the rows at these places of the chunk."""
        numbers, lines, values = ([column[place] for place in places] for column in self[:3])
        return Rows(numbers, lines, values, self.taken)


class RowSource(Protocol):
    """A file of some format: (line, value) of each row; Unreadable where it cannot be read on."""

    def __iter__(self) -> Iterator[tuple[int, Any]]: ...

    def taken(self) -> int:
        """The bytes of the file up to the end of the last row."""


class CountedRow(Iterator[bytes]):
    """Blocks, counted as they are taken."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.count = 0

    def __next__(self) -> bytes:
        block = next(self._blocks)
        self.count += 1
        return block


class Chunks:
    """`take()` gives up to so many rows, of the number `blocks` counts two more at most; none at the end.

    Raises Unreadable, once the rows before that place have been given.
    """

    def __init__(self, file: RowSource, blocks: CountedRow) -> None:
        self._file, self._blocks = file, blocks
        self._rows = iter(file)
        self._number = 0
        self._unreadable: Unreadable | None = None

    def take(self, most: int) -> Rows:
        if self._unreadable is not None:
            raise self._unreadable
        blocks, last = self._blocks, self._blocks.count + BLOCKS
        lines: list[int] = []
        values: list[Any] = []
        room = MAX_ROWS - self._number
        try:
            for line, value in islice(self._rows, min(most, room + 1)):
                lines.append(line)
                values.append(value)
                if blocks.count >= last:
                    break
            if len(values) > room:
                del lines[room:], values[room:]
                raise Unreadable("too_many_rows", f"A file has at most {MAX_ROWS} rows.")
        except Unreadable as error:
            self._unreadable = error
            if not values:
                raise
        first, self._number = self._number + 1, self._number + len(values)
        return Rows(range(first, self._number + 1), lines, values, self._file.taken())
