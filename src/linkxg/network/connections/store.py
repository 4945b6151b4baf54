"""The SQL of connections: one row per side, both with the connection's id."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    Table,
    and_,
    func,
    not_,
    or_,
    select,
    text,
    tuple_,
)

from linkxg.clock import DAY
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.row_values import is_one_of
from linkxg.db.schema import AnyRow, Milliseconds, metadata
from linkxg.identity.accounts.store import accounts
from linkxg.network.check_fields import MAX_TEXT

_ACTIVE = text("status = 'ACTIVE'")
_ENDED = text("status <> 'ACTIVE'")
_PENDING = text("status = 'PENDING' and invitee_key is not null")
connections = Table(
    "connections",
    metadata,
    Column("account_id", String(36), ForeignKey("accounts.id"), primary_key=True),
    Column("id", String(36), primary_key=True),
    # Null while the invitee is unknown.
    Column("partner_id", String(36)),
    # That counts for this side: it was confirmed, whatever the partner states.
    Column("partner_gln", String(13)),
    Column("direction", String(8), nullable=False),
    Column("status", String(8), nullable=False),
    Column("relationship", String(8), nullable=False),
    # As the inviter wrote it, and its normal form; null in the invitee's row.
    Column("invitee", String(254)),
    Column("invitee_key", String(260)),
    Column("token_digest", LargeBinary),
    Column("message", String(MAX_TEXT)),
    Column("invited_by", String(36)),
    Column("invited_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Column("responded_at", Milliseconds),
    Column("ended_at", Milliseconds),
    Column("ended_by", String(8)),
    Column("reason", String(MAX_TEXT)),
    Index("ix_connections_account_id_status_id", "account_id", "status", "id"),
    Index("ix_connections_invitee", "account_id", "invitee_key", "invited_at"),
    Index("ix_connections_token_digest", "token_digest", unique=True),
    Index("ix_connections_expires_at", "expires_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
    Index(
        "ix_connections_active", "account_id", "partner_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
    ),
    Index(
        "ix_connections_pending", "account_id", "invitee_key", unique=True,
        sqlite_where=_PENDING, postgresql_where=_PENDING,
    ),
)  # fmt: skip


_c = connections.c
# An invitation does not tell who the invitee is; whoever is invited sees by whom.
_KNOWS_PARTNER = or_(
    _c.direction == "INCOMING",
    and_(_c.status.in_(["ACTIVE", "REVOKED"]), _c.responded_at.is_not(None)),
)


def lock_connection(conn: Connection, account_id: str, connection_id: str) -> None:
    """Serialise the transactions that change a connection, of both sides."""
    lock_until_commit(conn, f"connection {connection_id}")


def lock_partners(conn: Connection, account_id: str, partner_id: str) -> None:
    """Serialise the transactions that connect two accounts; taken after `lock_connection`."""
    lock_connection(conn, account_id, " ".join(sorted({account_id, partner_id})))


def is_pending(now: int) -> ColumnElement[bool]:
    return and_(_c.status == "PENDING", _c.expires_at > now)


def _is_expired(now: int) -> ColumnElement[bool]:
    return and_(_c.status == "PENDING", _c.expires_at <= now)


def insert_connection(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(connections.insert().values(account_id=account_id, **values))


def find_connection(conn: Connection, account_id: str, connection_id: str) -> AnyRow | None:
    return conn.execute(select(connections).where(_c.account_id == account_id, _c.id == connection_id)).first()


def find_partner(conn: Connection, account_id: str, connection_id: str) -> str | None:
    """The other account of a connection; None unless it is active."""
    row = find_connection(conn, account_id, connection_id)
    return None if row is None or row.status != "ACTIVE" else row.partner_id


def find_by_token(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    """The inviter's row of a live invitation, by its one-time token."""
    return conn.execute(select(connections).where(_c.token_digest == digest, is_pending(now))).first()


def find_by_tokens(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """The inviters' rows of invitations, live or not, by their one-time tokens."""
    columns = (_c.account_id, _c.id, _c.invitee, _c.token_digest)
    return list(conn.execute(select(*columns).where(_c.token_digest.in_(digests))))


def update_connection(conn: Connection, account_id: str, connection_id: str, **values: Any) -> bool:
    statement = connections.update().where(_c.account_id == account_id, _c.id == connection_id)
    return conn.execute(statement.values(**values)).rowcount == 1


def end_pending(conn: Connection, account_id: str, connection_id: str, **values: Any) -> bool:
    """Change a pending invitation; false if it is not pending (any more)."""
    statement = connections.update().where(_c.account_id == account_id, _c.id == connection_id, _c.status == "PENDING")
    return conn.execute(statement.values(**values)).rowcount == 1


def is_connected(conn: Connection, account_id: str, partner_id: str) -> bool:
    found = select(_c.id).where(_c.account_id == account_id, _c.partner_id == partner_id, _c.status == "ACTIVE")
    return conn.execute(found).first() is not None


def has_gln(conn: Connection, account_id: str, gln: str, *, besides: str) -> bool:
    """Whether this is the GLN of a partner by another active connection."""
    found = select(_c.id).where(_c.account_id == account_id, _c.status == "ACTIVE", _c.partner_gln == gln)
    return conn.execute(found.where(_c.id != besides).limit(1)).first() is not None


def has_disconnected(conn: Connection, account_id: str, partner_id: str, *, since: int) -> bool:
    """Whether a connection of the two accounts has ended since then."""
    ended = select(_c.id).where(_c.account_id == account_id, _c.partner_id == partner_id, _was_active())
    return conn.execute(ended.where(_c.ended_at >= since).limit(1)).first() is not None


def is_known_partner(
    conn: Connection, account_id: str, now: int, *, slug: str | None = None, gln: str | None = None
) -> bool:
    """Whether the slug or GLN is that of a connected account, or of one whose invitation waits for an answer."""
    found = (
        select(_c.id)
        .join(accounts, accounts.c.id == _c.partner_id)
        .where(
            _c.account_id == account_id,
            or_(_c.status == "ACTIVE", and_(_c.direction == "INCOMING", is_pending(now))),
            accounts.c.slug == slug if slug is not None else accounts.c.gln == gln,
        )
    )
    return conn.execute(found.limit(1)).first() is not None


def expire_same_invitation(conn: Connection, account_id: str, invitee_key: str, now: int) -> None:
    """Mark an invitation of this invitee that has expired, which a new one follows."""
    conn.execute(
        connections.update()
        .where(_c.account_id == account_id, _c.invitee_key == invitee_key, _is_expired(now))
        .values(status="EXPIRED")
    )


def has_invited(conn: Connection, account_id: str, invitee_key: str) -> bool:
    found = select(_c.id).where(_c.account_id == account_id, _c.invitee_key == invitee_key, _c.status == "PENDING")
    return conn.execute(found).first() is not None


def count_invitations(conn: Connection, account_id: str, invitee_key: str, since: int) -> int:
    """How often the account has invited this invitee since then, whatever became of it."""
    query = select(func.count()).select_from(connections)
    same = (_c.account_id == account_id, _c.invitee_key == invitee_key, _c.invited_at > since)
    return conn.execute(query.where(*same)).scalar_one()


def count_pending(conn: Connection, account_id: str, now: int) -> int:
    """The invitations of the account that wait for an answer."""
    query = select(func.count()).select_from(connections)
    return conn.execute(
        query.where(_c.account_id == account_id, _c.direction == "OUTGOING", is_pending(now))
    ).scalar_one()


def expire_invitations(conn: Connection, account_id: str, partner_id: str, now: int) -> None:
    """End the pending invitations between two accounts, which are connected now.

    An invitation by e-mail stays pending for its inviter: its end would tell that the address is one of the partner's.
    """
    sides = is_one_of((_c.account_id, _c.partner_id), [(account_id, partner_id), (partner_id, account_id)])
    by_email = _c.invitee_key.like("email:%")
    conn.execute(
        connections.update()
        .where(sides, _c.status == "PENDING", or_(_c.direction == "INCOMING", not_(by_email)))
        .values(status="EXPIRED", ended_at=now)
    )


def list_active(conn: Connection, account_id: str) -> list[str]:
    return list(conn.execute(select(_c.id).where(_c.account_id == account_id, _c.status == "ACTIVE")).scalars())


def list_ended(conn: Connection, account_id: str) -> list[AnyRow]:
    """How each connection or invitation ended that was revoked or declined."""
    ended = select(_c.id, _c.status, _c.responded_at, _c.ended_at, _c.ended_by, _c.reason)
    return list(conn.execute(ended.where(_c.account_id == account_id, _c.status.in_(["REVOKED", "DECLINED"]))))


def end_invitations(conn: Connection, account_id: str, now: int) -> int:
    """Expire every pending invitation of and to this account; returns how many of its own were live."""
    statement = connections.update().where(_c.account_id == account_id, _c.status == "PENDING")
    ended = statement.values(status="EXPIRED", ended_at=now, token_digest=None).returning(_c.direction, _c.expires_at)
    return sum(row.direction == "OUTGOING" and row.expires_at > now for row in conn.execute(ended))


def _with_partner() -> Select[Any]:
    partner = (accounts.c.name.label("partner_name"), accounts.c.slug, accounts.c.gln)
    joined = connections.outerjoin(accounts, and_(accounts.c.id == _c.partner_id, _KNOWS_PARTNER))
    return select(connections, *partner).select_from(joined)


def view_connection(conn: Connection, account_id: str, connection_id: str) -> AnyRow | None:
    """The connection with its partner, if the account knows them."""
    return conn.execute(_with_partner().where(_c.account_id == account_id, _c.id == connection_id)).first()


def list_connections(
    conn: Connection,
    account_id: str,
    *,
    now: int,
    before: str | None,
    limit: int,
    status: str | None,
    direction: str | None,
    relationship: str | None,
) -> list[AnyRow]:
    """Newest first, with partners, below the id `before`."""
    query = _with_partner().where(_c.account_id == account_id).order_by(_c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_c.id < before)
    if status == "PENDING":
        query = query.where(is_pending(now))
    elif status == "EXPIRED":
        query = query.where(or_(_c.status == "EXPIRED", _is_expired(now)))
    elif status is not None:
        query = query.where(_c.status == status)
    if direction is not None:
        query = query.where(_c.direction == direction)
    if relationship is not None:
        query = query.where(_c.relationship == relationship)
    return list(conn.execute(query).all())


def purge_connections(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` rows of invitations that led to no connection and expired three months ago."""
    old = select(_c.account_id, _c.id).where(_ENDED, _c.expires_at < now - 90 * DAY, not_(_was_active())).limit(limit)
    return conn.execute(connections.delete().where(tuple_(_c.account_id, _c.id).in_(old))).rowcount


def _was_active() -> ColumnElement[bool]:
    return and_(_c.status == "REVOKED", _c.responded_at.is_not(None))
