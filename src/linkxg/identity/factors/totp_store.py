"""The SQL of authenticator apps."""

from sqlalchemy import Column, Connection, ForeignKey, Index, LargeBinary, String, Table, select

from linkxg.clock import DAY
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata

totp_factors = Table(
    "totp_factors",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    # Sealed with the server key.
    Column("secret", LargeBinary, nullable=False),
    # The step of the last code that was used: no code works twice.
    Column("last_step", Sequence, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    # None until the first code has been entered.
    Column("confirmed_at", Milliseconds),
    # Until then: the session, or the digest of the sign-in, that alone sees and confirms it.
    Column("begun_by", String(64)),
    Column("last_used_at", Milliseconds),
    Index("ix_totp_factors_user_id", "user_id"),
    Index("ix_totp_factors_created_at", "created_at"),
)


def insert_totp(
    conn: Connection, account_id: str, *, id: str, user_id: str, begun_in: str, secret: bytes, now: int
) -> None:
    conn.execute(
        totp_factors.insert().values(
            account_id=account_id, id=id, user_id=user_id, begun_by=begun_in, secret=secret, last_step=0, created_at=now
        )
    )


def find_totp(conn: Connection, account_id: str, user_id: str) -> AnyRow | None:
    """The confirmed authenticator app of a person, who has at most one."""
    mine = (totp_factors.c.account_id == account_id, totp_factors.c.user_id == user_id)
    return conn.execute(select(totp_factors).where(*mine, totp_factors.c.confirmed_at.is_not(None))).first()


def find_pending_totp(conn: Connection, account_id: str, user_id: str, begun_in: str, since: int) -> AnyRow | None:
    """The app of this session or sign-in that waits for its first code, if it was begun after `since`."""
    mine = (totp_factors.c.account_id == account_id, totp_factors.c.user_id == user_id)
    pending = (totp_factors.c.confirmed_at.is_(None), totp_factors.c.created_at > since)
    return conn.execute(select(totp_factors).where(*mine, totp_factors.c.begun_by == begun_in, *pending)).first()


def use_totp(conn: Connection, account_id: str, factor_id: str, step: int, now: int) -> bool:
    """Mark the codes up to `step` as used; false if one of them was used before. Of concurrent uses, one succeeds."""
    statement = (
        totp_factors.update()
        .where(
            totp_factors.c.account_id == account_id,
            totp_factors.c.id == factor_id,
            totp_factors.c.confirmed_at.is_not(None),
            totp_factors.c.last_step < step,
        )
        .values(last_step=step, last_used_at=now)
    )
    return conn.execute(statement).rowcount == 1


def confirm_pending_totp(conn: Connection, account_id: str, factor_id: str, step: int, now: int) -> bool:
    """Confirm a pending app by the code of `step`; of concurrent attempts, one succeeds."""
    statement = (
        totp_factors.update()
        .where(
            totp_factors.c.account_id == account_id,
            totp_factors.c.id == factor_id,
            totp_factors.c.confirmed_at.is_(None),
        )
        .values(confirmed_at=now, begun_by=None, last_step=step, last_used_at=now)
    )
    return conn.execute(statement).rowcount == 1


def delete_totp(conn: Connection, account_id: str, user_id: str, factor_id: str) -> bool:
    statement = totp_factors.delete().where(
        totp_factors.c.account_id == account_id,
        totp_factors.c.user_id == user_id,
        totp_factors.c.id == factor_id,
        totp_factors.c.confirmed_at.is_not(None),
    )
    return conn.execute(statement).rowcount == 1


def delete_pending_totp(conn: Connection, account_id: str, user_id: str, begun_in: str | None = None) -> None:
    """Delete the apps that wait for their first code: that of one session or sign-in, or all of the person."""
    mine = [totp_factors.c.account_id == account_id, totp_factors.c.user_id == user_id]
    if begun_in is not None:
        mine.append(totp_factors.c.begun_by == begun_in)
    conn.execute(totp_factors.delete().where(*mine, totp_factors.c.confirmed_at.is_(None)))


def delete_pending_beyond(conn: Connection, account_id: str, user_id: str, kept: int) -> None:
    """Delete the person's apps that wait for their first code but for the newest `kept`."""
    mine = (totp_factors.c.account_id == account_id, totp_factors.c.user_id == user_id)
    pending = select(totp_factors.c.id).where(*mine, totp_factors.c.confirmed_at.is_(None))
    newest = conn.execute(pending.order_by(totp_factors.c.created_at.desc(), totp_factors.c.id.desc())).scalars().all()
    if len(newest) > kept:
        conn.execute(totp_factors.delete().where(totp_factors.c.id.in_(newest[kept:])))


def delete_all_totp(conn: Connection, account_id: str, user_id: str) -> int:
    """Delete the person's apps, also one that waits for its first code; returns how many."""
    mine = (totp_factors.c.account_id == account_id, totp_factors.c.user_id == user_id)
    return conn.execute(totp_factors.delete().where(*mine)).rowcount


def list_confirmed_totp(conn: Connection, account_id: str) -> list[AnyRow]:
    """The confirmed apps of an account, for a restore."""
    mine = (totp_factors.c.account_id == account_id, totp_factors.c.confirmed_at.is_not(None))
    return list(conn.execute(select(totp_factors).where(*mine)))


def insert_confirmed_totp(conn: Connection, account_id: str, row: AnyRow) -> None:
    """Insert a row of `list_confirmed_totp` again."""
    conn.execute(totp_factors.insert().values(row._asdict() | {"account_id": account_id}))


def list_secrets(conn: Connection) -> list[AnyRow]:
    """The sealed secrets of every account, also of apps that wait for their first code."""
    return list(conn.execute(select(totp_factors.c.account_id, totp_factors.c.id, totp_factors.c.secret)))


def update_secret(conn: Connection, account_id: str, factor_id: str, secret: bytes) -> None:
    mine = (totp_factors.c.account_id == account_id, totp_factors.c.id == factor_id)
    conn.execute(totp_factors.update().where(*mine).values(secret=secret))


def purge_pending_totp(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` apps whose first code never came."""
    stale = (totp_factors.c.confirmed_at.is_(None), totp_factors.c.created_at < now - DAY)
    old = select(totp_factors.c.id).where(*stale).limit(limit)
    return conn.execute(totp_factors.delete().where(totp_factors.c.id.in_(old))).rowcount
