"""The SQL of resumable uploads.

A piece is added at its offset only if that is the stored offset: of two requests with the same bytes one wins, and the
file has no gap.
"""

from sqlalchemy import Column, Connection, LargeBinary, String, Table, func, select

from linkxg.db.schema import Sequence, metadata
from linkxg.jobs.store import BLOCKS_AT_ONCE, blocks, find_block, jobs
from linkxg.jobs.uploads.model import BLOCK, MAX_PIECES

parts = Table(
    "import_parts",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("job_id", String(36), primary_key=True),
    Column("begins_at", Sequence, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    info={"rows_at_once": BLOCKS_AT_ONCE},
)


def insert_piece(conn: Connection, account_id: str, job_id: str, *, begins_at: int, content: bytes, now: int) -> bool:
    """Add a piece at `begins_at`; false if that is not the offset, the upload has ended, or has too many pieces."""
    if len(content) < BLOCK and _has_most_pieces(conn, account_id, job_id):
        return False
    ends_at = begins_at + len(content)
    statement = (
        jobs.update()
        .where(
            jobs.c.account_id == account_id,
            jobs.c.id == job_id,
            jobs.c.status == "UPLOADING",
            jobs.c.bytes_uploaded == begins_at,
            jobs.c.upload_length >= ends_at,
        )
        .values(bytes_uploaded=ends_at, touched_at=now)
    )
    if conn.execute(statement).rowcount == 0:
        return False
    conn.execute(parts.insert().values(account_id=account_id, job_id=job_id, begins_at=begins_at, content=content))
    return True


def find_piece(conn: Connection, account_id: str, job_id: str, begins_at: int) -> bytes | None:
    query = select(parts.c.content).where(
        parts.c.account_id == account_id, parts.c.job_id == job_id, parts.c.begins_at == begins_at
    )
    return conn.execute(query).scalar_one_or_none()


def insert_block_once(conn: Connection, account_id: str, job_id: str, *, number: int, content: bytes) -> None:
    """Add a block, unless an earlier attempt has stored it."""
    if find_block(conn, account_id, job_id, number) is None:
        conn.execute(blocks.insert().values(account_id=account_id, job_id=job_id, number=number, content=content))


def complete_upload(conn: Connection, account_id: str, job_id: str, *, now: int) -> bool:
    """Queue a complete upload; false if it has ended or is incomplete."""
    statement = jobs.update().where(
        jobs.c.account_id == account_id,
        jobs.c.id == job_id,
        jobs.c.status == "UPLOADING",
        jobs.c.bytes_uploaded == jobs.c.upload_length,
    )
    return conn.execute(statement.values(status="QUEUED", touched_at=now)).rowcount == 1


def _has_most_pieces(conn: Connection, account_id: str, job_id: str) -> bool:
    """Whether the upload has all pieces it may have: a hundred MiB byte by byte would be a hundred million rows."""
    query = select(func.count()).where(parts.c.account_id == account_id, parts.c.job_id == job_id)
    return bool(conn.execute(query).scalar_one() >= MAX_PIECES)
