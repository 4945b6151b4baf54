"""The interface of a kind of job: how its files are checked, and how its rows are read, planned and written.

The engine stores the file, leases the job, commits batch by batch and keeps errors and results; only the handler knows
what a row means. `linkxg.job_kinds` lists the kinds of this program.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from linkxg.jobs.chunks import RowSource
from linkxg.jobs.lease import JobLease
from linkxg.jobs.model import JobRow, RowResult


class HeadCheck(Protocol):
    """Checks the first block of a file; `whole` says that the block is the whole file."""

    @property
    def max_content(self) -> int:
        """The most bytes that a decompressed file may have."""

    def check_early(self, head: bytes, *, whole: bool) -> None:
        """Called as soon as the block has arrived. Raises ValidationFailed for a file that can never be imported."""

    def watch(self, text: bytes) -> None:
        """Called with each part of the decompressed file, in order. Raises PayloadTooLarge."""

    def columns(self, head: bytes, *, whole: bool) -> list[str]:
        """The columns of the file, once it is complete. Raises ValidationFailed."""


class ParsedRow(Protocol):
    """A parsed row; `key` identifies it in the list of errors."""

    @property
    def key(self) -> str: ...


class RowHandler(Protocol):
    """The rows of one job, a batch at a time.

    A plan is of a type of the handler's own; that of a rejected row is a tuple of `RowFault`. Methods that take a
    connection run inside the engine's transaction.
    """

    def open_rows(self, blocks: Iterator[bytes]) -> RowSource:
        """The rows of the decompressed file."""

    def parse(self, values: Sequence[Any]) -> Sequence[ParsedRow]:
        """Parse rows in the order of the file, without the database; rows of earlier attempts are parsed again."""

    def look_up(self, conn: Connection, parsed: Sequence[Any]) -> Any:
        """The stored records of these rows, for `plan`."""

    def plan(self, parsed: Sequence[Any], stored: Any) -> list[Any]:
        """One plan for each row; without the database."""

    def check(self, conn: Connection, plans: list[Any]) -> None:
        """Before anything is written: replace plans by faults where rows conflict with each other or with records."""

    def write(self, conn: Connection, parsed: Sequence[Any], plans: list[Any]) -> None:
        """Write the plans; replace those that cannot be written by new plans or by faults."""

    def results(self, numbers: Sequence[int], plans: Sequence[Any]) -> list[RowResult]:
        """The result of each row, FAILED for faults."""

    def encode(self, plans: Sequence[Any]) -> bytes:
        """The plans that write something, for `write_encoded` (`onError=rollback`)."""

    def write_encoded(self, conn: Connection, encoded: bytes) -> bool:
        """Write plans of `encode`; false if one of them no longer holds."""

    def finish_encoded(self, conn: Connection, encoded: bytes) -> None:
        """Called with the same plans once all are written: for locks that are not to be held while a file is."""


class Pace(NamedTuple):
    """Rows of a batch, and how long its transaction should take."""

    smallest: int
    largest: int
    seconds: float


Paces = Mapping[str, Pace]
"""By the engine of the database."""


class JobKind(Protocol):
    """One kind of job; `resource` is its name in `import_jobs`, `paces` are None for those of most kinds.

    `parses_in_side_process`: parsing waits for another process, so it is called in a thread.
    """

    @property
    def resource(self) -> str: ...

    @property
    def paces(self) -> Paces | None: ...

    @property
    def parses_in_side_process(self) -> bool: ...

    def prepare(self) -> None:
        """Called once in the process of jobs, before it starts any thread."""

    def head_check(self, job: JobRow) -> HeadCheck:
        """The check of a file that arrives for this job."""

    def open(self, job: JobRow, lease: JobLease, head: bytes) -> RowHandler:
        """The rows of a job; `head` is the first block of its file."""


Kinds = Mapping[str, JobKind]
"""By resource."""
