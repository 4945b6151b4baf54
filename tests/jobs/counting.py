"""A second kind of job: each line of an NDJSON file is counted by its letters; `python -m jobs.counting` runs one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.jobs.chunks import RowSource
from linkxg.jobs.file_error import file_error
from linkxg.jobs.handler import Kinds
from linkxg.jobs.json_rows import NdjsonRows
from linkxg.jobs.lease import JobLease
from linkxg.jobs.model import MIB, JobRow, RowFault, RowResult
from linkxg.jobs.process_main import main


class Line(NamedTuple):
    """A line of the file."""

    key: str


class LetterCheck:
    """Refuses a file that begins with a number."""

    max_content = MIB

    def check_early(self, head: bytes, *, whole: bool) -> None:
        if head[:1].isdigit():
            raise file_error("not_lines", "The file begins with a number.")

    def watch(self, text: bytes) -> None:
        """Nothing in the text matters to it."""

    def columns(self, head: bytes, *, whole: bool) -> list[str]:
        return ["line"]


class CountLines:
    """The rows of one job. A plan is the number of letters; a line without any is rejected."""

    def open_rows(self, blocks: Iterator[bytes]) -> RowSource:
        return NdjsonRows(blocks)

    def parse(self, values: Sequence[Any]) -> list[Line]:
        return [Line(value) for value in values]

    def look_up(self, conn: Connection, parsed: Sequence[Line]) -> None:
        return None

    def plan(self, parsed: Sequence[Line], stored: None) -> list[Any]:
        counts = [sum(letter.isalpha() for letter in line.key) for line in parsed]
        return [count or (RowFault("line", "empty", "The line has no letters."),) for count in counts]

    def check(self, conn: Connection, plans: list[Any]) -> None:
        return None

    def write(self, conn: Connection, parsed: Sequence[Line], plans: list[Any]) -> None:
        return None

    def results(self, numbers: Sequence[int], plans: Sequence[Any]) -> list[RowResult]:
        return [
            RowResult(number, "CREATED" if isinstance(plan, int) else "FAILED", None, None)
            for number, plan in zip(numbers, plans, strict=True)
        ]

    def encode(self, plans: Sequence[Any]) -> bytes:
        return json.dumps(plans).encode()

    def write_encoded(self, conn: Connection, encoded: bytes) -> bool:
        """Holds while a file has an even number of letters."""
        return int(sum(json.loads(encoded))) % 2 == 0

    def finish_encoded(self, conn: Connection, encoded: bytes) -> None:
        """Nothing is left to do."""


class LineJobs:
    resource = "lines"
    paces = None
    parses_in_side_process = False

    def prepare(self) -> None:
        """Nothing to prepare."""

    def head_check(self, job: JobRow) -> LetterCheck:
        return LetterCheck()

    def open(self, job: JobRow, lease: JobLease, head: bytes) -> CountLines:
        return CountLines()


KINDS: Kinds = {"lines": LineJobs()}

if __name__ == "__main__":
    main(KINDS)
