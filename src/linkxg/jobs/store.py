"""The SQL of jobs, their files and the results of their rows; that of running them is in `lease_store`."""

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
    literal,
    select,
    text,
    union_all,
)

from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.jobs.model import ORPHANED, UPLOAD_LEASE_MS, FailedRow, JobRow, RowFault, as_json

BLOCKS_AT_ONCE = 16
BLOCKS_DELETED_AT_ONCE = 4
"""Deleting reads what it deletes: four MiB take SQLite's writer about 8 ms."""

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
    """Jobs older than `before`, newest first."""
    of_kind = (jobs.c.account_id == account_id, jobs.c.resource == resource)
    query = select(*_ROW).where(*of_kind).order_by(jobs.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [JobRow._make(row) for row in conn.execute(query)]


def update_job(conn: Connection, account_id: str, job_id: str, *, seen: tuple[str, ...], **values: Any) -> bool:
    """Write `values` if the job's status is one of `seen`; whether it was."""
    statement = jobs.update().where(jobs.c.account_id == account_id, jobs.c.id == job_id, jobs.c.status.in_(seen))
    return conn.execute(statement.values(**values)).rowcount == 1


def hold_upload(conn: Connection, account_id: str, job_id: str, *, now: int) -> bool:
    """Renew the lease of an upload in one request; false if it has ended or is orphaned."""
    statement = jobs.update().where(
        jobs.c.account_id == account_id,
        jobs.c.id == job_id,
        jobs.c.status == "UPLOADING",
        jobs.c.lease_until > ORPHANED,
    )
    return conn.execute(statement.values(touched_at=now, lease_until=now + UPLOAD_LEASE_MS)).rowcount == 1


def insert_block(conn: Connection, account_id: str, job_id: str, *, number: int, content: bytes, now: int) -> bool:
    """Add a block to an upload, and renew its lease; false if the upload has ended."""
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
    """Delete some blocks of a failed upload, and its job with the last of them; whether everything is deleted.

    A job that is no longer an upload stays.
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


def clear_outcomes(conn: Connection, account_id: str, job_id: str) -> None:
    """Delete the results of a job that starts over."""
    for table in (batches, errors):
        conn.execute(table.delete().where(table.c.account_id == account_id, table.c.job_id == job_id))


_INSERT_BATCH = CompiledStatement(
    batches.insert().values({name: bindparam(f"_{name}") for name in ("account_id", "job_id", "first_row", "results")})
)


def insert_batch(conn: Connection, account_id: str, job_id: str, *, first_row: int, results: bytes) -> None:
    _INSERT_BATCH.run(
        conn, {"_account_id": account_id, "_job_id": job_id, "_first_row": first_row, "_results": results}
    )


def list_batches(conn: Connection, account_id: str, job_id: str, *, after: int, limit: int) -> list[tuple[int, bytes]]:
    """(first row, encoded results) of the batches that begin after row `after`."""
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
    """Rejected rows after row `after`, in the order of the file; `raw` is empty unless `with_raw`."""
    raw = errors.c.raw if with_raw else literal("")
    query = (
        select(errors.c.row, errors.c.line, errors.c.key, raw.label("raw"), errors.c.faults)
        .where(errors.c.account_id == account_id, errors.c.job_id == job_id, errors.c.row > after)
        .order_by(errors.c.row)
        .limit(limit)
    )
    return [FailedRow(row.row, row.line, row.key, row.raw, _faults(row.faults)) for row in conn.execute(query)]


def list_first_errors(
    conn: Connection, account_id: str, job_ids: Collection[str], *, limit: int
) -> dict[str, list[FailedRow]]:
    """The first rejected rows of each job, without `raw`, in one statement."""
    of_jobs = [
        select(errors.c.job_id, errors.c.row, errors.c.line, errors.c.key, errors.c.faults)
        .where(errors.c.account_id == account_id, errors.c.job_id == job_id)
        .order_by(errors.c.row)
        .limit(limit)
        .subquery()
        .select()
        for job_id in job_ids
    ]
    found: dict[str, list[FailedRow]] = {job_id: [] for job_id in job_ids}
    for row in conn.execute(union_all(*of_jobs)) if of_jobs else ():
        found[row.job_id].append(FailedRow(row.row, row.line, row.key, "", _faults(row.faults)))
    for rows in found.values():
        rows.sort(key=lambda one: one.row)
    return found


_faults = msgspec.json.Decoder(tuple[RowFault, ...]).decode
