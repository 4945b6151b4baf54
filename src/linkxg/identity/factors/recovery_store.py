"""The SQL of recovery codes."""

from collections.abc import Iterable

from sqlalchemy import Column, Connection, ForeignKey, LargeBinary, String, Table, func, select

from linkxg.db.schema import AnyRow, Milliseconds, metadata

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("created_at", Milliseconds, nullable=False),
    Column("used_at", Milliseconds),
)


def insert_codes(conn: Connection, account_id: str, user_id: str, digests: Iterable[bytes], now: int) -> None:
    rows = [{"account_id": account_id, "user_id": user_id, "digest": one, "created_at": now} for one in digests]
    conn.execute(recovery_codes.insert(), rows)


def count_codes(conn: Connection, account_id: str, user_id: str) -> int:
    """Those that have not been used."""
    mine = (recovery_codes.c.account_id == account_id, recovery_codes.c.user_id == user_id)
    query = select(func.count()).select_from(recovery_codes).where(*mine, recovery_codes.c.used_at.is_(None))
    return conn.execute(query).scalar_one()


def use_code(conn: Connection, account_id: str, user_id: str, digest: bytes, now: int) -> bool:
    """Use a code up; false if it is not the person's, or was used. Of concurrent uses, one succeeds."""
    statement = (
        recovery_codes.update()
        .where(
            recovery_codes.c.account_id == account_id,
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.digest == digest,
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return conn.execute(statement).rowcount == 1


def list_recovery_codes(conn: Connection, account_id: str) -> list[AnyRow]:
    """The recovery codes of an account, for a restore."""
    return list(conn.execute(select(recovery_codes).where(recovery_codes.c.account_id == account_id)))


def insert_recovery_code(conn: Connection, account_id: str, row: AnyRow) -> None:
    """Insert a row of `list_recovery_codes` again."""
    conn.execute(recovery_codes.insert().values(row._asdict() | {"account_id": account_id}))


def delete_codes(conn: Connection, account_id: str, user_id: str) -> None:
    mine = (recovery_codes.c.account_id == account_id, recovery_codes.c.user_id == user_id)
    conn.execute(recovery_codes.delete().where(*mine))
