"""The rows of a file in chunks: work on a chunk costs a fraction of the same work row by row."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import MAX_ROWS

BLOCKS = 2
"""In one chunk at most: rows may be 1 MB each."""


class Rows(NamedTuple):
    """A chunk: the number of each row, the line on which it begins (both from 1) and its value.

    A value is a list of cells, or the text of one JSON value. The last row ends after `bytes_read` bytes of the file.
    """

    numbers: Sequence[int]
    lines: Sequence[int]
    values: Sequence[Any]
    bytes_read: int

    def at(self, places: Sequence[int]) -> "Rows":
        """Only the rows at these places of the chunk."""
        numbers, lines, values = (
            [column[place] for place in places] for column in (self.numbers, self.lines, self.values)
        )
        return Rows(numbers, lines, values, self.bytes_read)


class RowSource(Protocol):
    """A file of any format: (line, value) of each row. Raises Unreadable where reading cannot continue."""

    def __iter__(self) -> Iterator[tuple[int, Any]]: ...

    def bytes_read(self) -> int:
        """The bytes of the file up to the end of the last row."""


class CountedBlocks(Iterator[bytes]):
    """Counts the blocks that have been read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.count = 0

    def __next__(self) -> bytes:
        block = next(self._blocks)
        self.count += 1
        return block


class Chunks:
    """`take()` returns up to `most` rows, from at most two more blocks; none at the end of the file.

    Raises Unreadable, once the rows before that place have been returned.
    """

    def __init__(self, file: RowSource, blocks: CountedBlocks) -> None:
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
        return Rows(range(first, self._number + 1), lines, values, self._file.bytes_read())
