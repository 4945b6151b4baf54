"""The interface of a kind of job: how its files are checked, and how its rows are read, planned and written.

The engine stores the file, leases the job, commits batch by batch and keeps errors and results; what a row means is
known to the handler alone. `linkxg.job_kinds` lists the kinds of this program.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from linkxg.jobs.chunks import RowSource
from linkxg.jobs.lease import JobLease
from linkxg.jobs.model import JobRow, RowResult


class HeadCheck(Protocol):
    """Decides by the first block of a file whether it can be used; `whole` says that the block is all of the file."""

    def check_early(self, head: bytes, *, whole: bool) -> None:
        """Called as soon as the block has arrived. Raises ValidationFailed for a file that nothing can make usable."""

    def columns(self, head: bytes, *, whole: bool) -> list[str]:
        """The columns of the file, called once it has arrived completely. Raises ValidationFailed."""


class ParsedRow(Protocol):
    """What a row says; `key` identifies it in the list of errors."""

    @property
    def key(self) -> str: ...


class RowHandler(Protocol):
    """The rows of one job, a batch at a time.

    A plan is what the handler makes of a row, of a type of its own; the plan of a row that is rejected is a tuple of
    `Fault`. Units that get a connection run inside the engine's transaction.
    """

    def open_rows(self, blocks: Iterator[bytes]) -> RowSource:
        """The rows of the unpacked file."""

    def parse(self, values: Sequence[Any]) -> Sequence[ParsedRow]:
        """What rows say, in the order of the file; without the database. Rows of earlier attempts are parsed again."""

    def look_up(self, conn: Connection, parsed: Sequence[Any]) -> Any:
        """What is stored that concerns these rows, for `plan`."""

    def plan(self, parsed: Sequence[Any], stored: Any) -> list[Any]:
        """One plan for each row; without the database."""

    def check(self, conn: Connection, plans: list[Any]) -> None:
        """Replace plans by faults where rows contradict each other or what is stored, when nothing is written yet."""

    def write(self, conn: Connection, parsed: Sequence[Any], plans: list[Any]) -> None:
        """Write the plans; those that cannot be written are replaced, by new plans or by faults."""

    def results(self, numbers: Sequence[int], plans: Sequence[Any]) -> list[RowResult]:
        """What became of each row, FAILED for faults."""

    def encode(self, plans: Sequence[Any]) -> bytes:
        """The plans that write something, for `write_encoded`: a file that is written as a whole is planned first."""

    def write_encoded(self, conn: Connection, encoded: bytes) -> bool:
        """Write what `encode` packed; false when one of the plans no longer holds."""


class JobKind(Protocol):
    """One kind of job; `resource` is its name in `import_jobs`."""

    @property
    def resource(self) -> str: ...

    def head_check(self, job: JobRow) -> HeadCheck:
        """The check of a file that arrives for this job."""

    def open(self, job: JobRow, lease: JobLease, head: bytes) -> RowHandler:
        """The rows of a job; `head` is the first block of its file."""


Kinds = Mapping[str, JobKind]
"""By resource."""
