"""The SQL of import jobs.

A job belongs to the worker whose name stands in it, until `lease_until`. Whatever a worker writes for a job it writes
in one transaction with `hold_job` and `advance`, which hold only while the job is its own: so each row is taken exactly
once, and a worker that was thought dead and is not cannot write a second time.
"""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    func,
    literal,
    select,
    text,
)

from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.jobs.model import ORPHANED, UPLOAD_LEASE_MS, FailedRow, Fault, JobRow, Progress, as_json

BLOCKS_AT_ONCE = 16
BLOCKS_DELETED_AT_ONCE = 4
"""What is deleted is first read again: four MiB take SQLite's writer about 8 ms."""

_IN_PARTS = text("upload_length is not null")
jobs = Table(
    "import_jobs",
    metadata,
    Column("account_id", String(36), ForeignKey("accounts.id"), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("resource", String(16), nullable=False),
    Column("format", String(8), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("key", String(8), nullable=False),
    Column("on_error", String(8), nullable=False),
    Column("empty_as", String(10), nullable=False),
    Column("dry_run", SmallInteger, nullable=False),
    Column("status", String(24), nullable=False),
    Column("columns", Text, nullable=False),
    Column("file_id", String(36), nullable=False),
    Column("only_failed_of", String(36)),
    Column("file_name", String(255), nullable=False),
    Column("bytes_uploaded", Sequence, nullable=False),
    Column("bytes_total", Sequence, nullable=False),
    Column("bytes_processed", Sequence, nullable=False),
    Column("rows_processed", Sequence, nullable=False),
    Column("line", Sequence, nullable=False),
    Column("created", Sequence, nullable=False),
    Column("updated", Sequence, nullable=False),
    Column("unchanged", Sequence, nullable=False),
    Column("failed", Sequence, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("error", Text),
    Column("cancel_wanted", SmallInteger, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("started_at", Milliseconds),
    Column("finished_at", Milliseconds),
    Column("touched_at", Milliseconds, nullable=False),
    Column("lease_until", Milliseconds, nullable=False),
    Column("worker", String(36)),
    Column("attempts", SmallInteger, nullable=False),
    Column("publish", SmallInteger, nullable=False, server_default="0"),
    Column("upload_length", Sequence),
    Index("ix_import_jobs_status_lease_until", "status", "lease_until"),
    Index("ix_import_jobs_created_at", "created_at"),
    Index("ix_import_jobs_upload_length", "upload_length", sqlite_where=_IN_PARTS, postgresql_where=_IN_PARTS),
)
blocks = Table(
    "import_blocks",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("job_id", String(36), primary_key=True),
    Column("number", Sequence, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    info={"rows_at_once": BLOCKS_AT_ONCE},
)
batches = Table(
    "import_batches",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("job_id", String(36), primary_key=True),
    Column("first_row", Sequence, primary_key=True, autoincrement=False),
    Column("results", LargeBinary, nullable=False),
)
errors = Table(
    "import_errors",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("job_id", String(36), primary_key=True),
    Column("row", Sequence, primary_key=True, autoincrement=False),
    Column("line", Sequence, nullable=False),
    Column("key", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("faults", Text, nullable=False),
    # A row may be 1 MB; a copy of the database must not hold a thousand of them.
    info={"rows_at_once": BLOCKS_AT_ONCE},
)

_ROW = [jobs.c[name] for name in JobRow._fields]


def insert_job(conn: Connection, account_id: str, row: JobRow) -> None:
    conn.execute(jobs.insert().values(account_id=account_id, **row._asdict()))


def find_job(conn: Connection, account_id: str, job_id: str) -> JobRow | None:
    row = conn.execute(select(*_ROW).where(jobs.c.account_id == account_id, jobs.c.id == job_id)).first()
    return None if row is None else JobRow._make(row)


def list_jobs(conn: Connection, account_id: str, *, resource: str, before: str | None, limit: int) -> list[JobRow]:
    """Newest first, older than the job `before`."""
    of_kind = (jobs.c.account_id == account_id, jobs.c.resource == resource)
    query = select(*_ROW).where(*of_kind).order_by(jobs.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [JobRow._make(row) for row in conn.execute(query)]


def update_job(conn: Connection, account_id: str, job_id: str, *, seen: tuple[str, ...], **values: Any) -> bool:
    """Write `values` if the job's status is one of `seen`."""
    statement = jobs.update().where(jobs.c.account_id == account_id, jobs.c.id == job_id, jobs.c.status.in_(seen))
    return conn.execute(statement.values(**values)).rowcount == 1


def hold_upload(conn: Connection, account_id: str, job_id: str, *, now: int) -> bool:
    """Renew the lease of an upload in one piece; false when it was ended, or found without a worker."""
    statement = jobs.update().where(
        jobs.c.account_id == account_id,
        jobs.c.id == job_id,
        jobs.c.status == "UPLOADING",
        jobs.c.lease_until > ORPHANED,
    )
    return conn.execute(statement.values(touched_at=now, lease_until=now + UPLOAD_LEASE_MS)).rowcount == 1


def insert_block(conn: Connection, account_id: str, job_id: str, *, number: int, content: bytes, now: int) -> bool:
    """Add a block to an upload, and renew its lease; false when the job is no longer one."""
    if not hold_upload(conn, account_id, job_id, now=now):
        return False
    conn.execute(blocks.insert().values(account_id=account_id, job_id=job_id, number=number, content=content))
    return True


def find_block(conn: Connection, account_id: str, job_id: str, number: int) -> bytes | None:
    query = select(blocks.c.content).where(
        blocks.c.account_id == account_id, blocks.c.job_id == job_id, blocks.c.number == number
    )
    return conn.execute(query).scalar_one_or_none()


def delete_upload(conn: Connection, account_id: str, job_id: str) -> bool:
    """Delete a part of an upload that came to nothing, with the last part its job; whether there is nothing more to do.

    A job that is no upload any more stays.
    """
    of_job = (jobs.c.account_id == account_id, jobs.c.id == job_id, jobs.c.status == "UPLOADING")
    if conn.execute(select(jobs.c.id).where(*of_job)).first() is None:
        return True
    of_file = (blocks.c.account_id == account_id, blocks.c.job_id == job_id)
    some = select(blocks.c.number).where(*of_file).limit(BLOCKS_DELETED_AT_ONCE)
    deleted = conn.execute(blocks.delete().where(*of_file, blocks.c.number.in_(some))).rowcount
    if deleted == BLOCKS_DELETED_AT_ONCE:
        return False
    conn.execute(jobs.delete().where(*of_job))
    return True


def find_due_job(conn: Connection, *, resources: Collection[str], now: int) -> tuple[str, str] | None:
    """(account, job) of the oldest job of these kinds that nobody works at."""
    query = (
        select(jobs.c.account_id, jobs.c.id)
        .where((jobs.c.status == "QUEUED") | (jobs.c.status == "RUNNING"), jobs.c.lease_until < now)
        .where(jobs.c.resource.in_(resources))
        .order_by(jobs.c.created_at)
        .limit(1)
    )
    row = conn.execute(query).first()
    return None if row is None else (row.account_id, row.id)


def claim_job(conn: Connection, account_id: str, job_id: str, *, worker: str, now: int, lease_ms: int) -> bool:
    """Make the job this worker's; false when another was faster."""
    statement = (
        jobs.update()
        .where(
            jobs.c.account_id == account_id,
            jobs.c.id == job_id,
            jobs.c.status.in_(("QUEUED", "RUNNING")),
            jobs.c.lease_until < now,
        )
        .values(
            status="RUNNING",
            worker=worker,
            lease_until=now + lease_ms,
            touched_at=now,
            started_at=func.coalesce(jobs.c.started_at, now),
            attempts=jobs.c.attempts + 1,
        )
    )
    return conn.execute(statement).rowcount == 1


_ADVANCE = CompiledStatement(
    jobs.update()
    .where(
        jobs.c.account_id == bindparam("account"),
        jobs.c.id == bindparam("job"),
        jobs.c.status == "RUNNING",
        jobs.c.worker == bindparam("holder"),
    )
    .values(
        rows_processed=bindparam("rows"),
        bytes_processed=bindparam("taken"),
        line=bindparam("at_line"),
        created=bindparam("made"),
        updated=bindparam("changed"),
        unchanged=bindparam("same"),
        failed=bindparam("refused"),
        touched_at=bindparam("now"),
        lease_until=bindparam("until"),
        attempts=bindparam("tries"),
    )
    .returning(jobs.c.cancel_wanted)
)


def advance(
    conn: Connection, account_id: str, job_id: str, *, worker: str, at: Progress, now: int, lease_ms: int
) -> bool | None:
    """Write how far the job is, and keep it. None when it is not this worker's any more, else whether to cancel."""
    row = _ADVANCE.first(
        conn,
        {
            "account": account_id, "job": job_id, "holder": worker, "rows": at.rows, "taken": at.bytes,
            "at_line": at.line, "made": at.created, "changed": at.updated, "same": at.unchanged,
            "refused": at.failed, "now": now, "until": now + lease_ms, "tries": 0,
        },
    )  # fmt: skip
    return None if row is None else bool(row[0])


_HOLD = CompiledStatement(
    jobs.update()
    .where(
        jobs.c.account_id == bindparam("account"),
        jobs.c.id == bindparam("job"),
        jobs.c.worker == bindparam("holder"),
        jobs.c.status == "RUNNING",
    )
    .values(lease_until=bindparam("until"))
)


def hold_job(conn: Connection, account_id: str, job_id: str, *, worker: str, until: int) -> bool:
    """Keep the job; false when it is not this worker's any more. Nobody else can claim it in this transaction then."""
    return _HOLD.run(conn, {"account": account_id, "job": job_id, "holder": worker, "until": until}) == 1


def clear_outcomes(conn: Connection, account_id: str, job_id: str) -> None:
    """Forget what was found of the rows: the job begins anew."""
    for table in (batches, errors):
        conn.execute(table.delete().where(table.c.account_id == account_id, table.c.job_id == job_id))


def finish_job(
    conn: Connection, account_id: str, job_id: str, *, worker: str, status: str, error: str | None, now: int
) -> bool:
    """The end of a job that is still this worker's."""
    statement = jobs.update().where(
        jobs.c.account_id == account_id, jobs.c.id == job_id, jobs.c.worker == worker, jobs.c.status == "RUNNING"
    )
    values = {"status": status, "error": error, "finished_at": now, "touched_at": now, "lease_until": 0, "worker": None}
    return conn.execute(statement.values(values)).rowcount == 1


def release_job(conn: Connection, account_id: str, job_id: str, *, worker: str) -> None:
    """Let somebody else go on from the checkpoint, now."""
    statement = jobs.update().where(
        jobs.c.account_id == account_id, jobs.c.id == job_id, jobs.c.worker == worker, jobs.c.status == "RUNNING"
    )
    conn.execute(statement.values(status="QUEUED", lease_until=0, worker=None))


_INSERT_BATCH = CompiledStatement(
    batches.insert().values({name: bindparam(f"_{name}") for name in ("account_id", "job_id", "first_row", "results")})
)


def insert_batch(conn: Connection, account_id: str, job_id: str, *, first_row: int, results: bytes) -> None:
    _INSERT_BATCH.run(
        conn, {"_account_id": account_id, "_job_id": job_id, "_first_row": first_row, "_results": results}
    )


def list_batches(conn: Connection, account_id: str, job_id: str, *, after: int, limit: int) -> list[tuple[int, bytes]]:
    """(first row, packed results) of the batches that begin after row `after`."""
    query = (
        select(batches.c.first_row, batches.c.results)
        .where(batches.c.account_id == account_id, batches.c.job_id == job_id, batches.c.first_row > after)
        .order_by(batches.c.first_row)
        .limit(limit)
    )
    return [(row.first_row, row.results) for row in conn.execute(query)]


def insert_errors(conn: Connection, account_id: str, job_id: str, failed: list[FailedRow]) -> None:
    if failed:
        conn.execute(
            errors.insert(),
            [
                {
                    "account_id": account_id, "job_id": job_id, "row": one.row, "line": one.line, "key": one.key,
                    "raw": one.raw, "faults": as_json(one.faults),
                }
                for one in failed
            ],
        )  # fmt: skip


def list_errors(
    conn: Connection, account_id: str, job_id: str, *, after: int, limit: int, with_raw: bool = False
) -> list[FailedRow]:
    """Failed rows beyond row `after`, in the order of the file; `raw` is empty unless it is asked for."""
    raw = errors.c.raw if with_raw else literal("")
    query = (
        select(errors.c.row, errors.c.line, errors.c.key, raw.label("raw"), errors.c.faults)
        .where(errors.c.account_id == account_id, errors.c.job_id == job_id, errors.c.row > after)
        .order_by(errors.c.row)
        .limit(limit)
    )
    return [FailedRow(row.row, row.line, row.key, row.raw, _faults(row.faults)) for row in conn.execute(query)]


_faults = msgspec.json.Decoder(tuple[Fault, ...]).decode
