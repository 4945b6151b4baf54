"""The SQL of recalls and of the notices to their recipients."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Select,
    SmallInteger,
    String,
    Table,
    Text,
    func,
    or_,
    select,
    text,
)

from linkxg.db.schema import AnyRow, Milliseconds, metadata
from linkxg.identity.accounts.store import accounts
from linkxg.network.check_fields import MAX_TEXT
from linkxg.network.recalls.model import MAX_INSTRUCTIONS

MAX_ONWARD_TIERS, MAX_ONWARD_NOTICES = 20, 5_000
"""How far acknowledgements are followed."""
_PARTY = String(500)
_WAITING = text("acknowledged_at IS NULL")

recalls = Table(
    "recalls",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    # JSON: the recalled items, and the affected products.
    Column("item_uris", Text, nullable=False),
    Column("products", Text, nullable=False),
    Column("product_count", Integer, nullable=False),
    Column("affected_items", Integer, nullable=False),
    # Of the affected items; null if it is not known. JSON: where they were last seen.
    Column("with_consumers", Integer),
    Column("places", Text),
    Column("truncated", SmallInteger, nullable=False),
    Column("reason", String(MAX_TEXT), nullable=False),
    Column("instructions", String(MAX_INSTRUCTIONS)),
    # The notice that it passes on.
    Column("notice_id", String(36)),
    Column("created_at", Milliseconds, nullable=False),
    Column("withdrawn_at", Milliseconds),
    Column("withdrawal_reason", String(MAX_TEXT)),
    Column("reminded_at", Milliseconds),
    Index("ix_recalls_notice_id", "notice_id"),
)

recall_notices = Table(
    "recall_notices",
    metadata,
    # The account that recalls.
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("recall_id", String(36), nullable=False),
    Column("party", _PARTY, nullable=False),
    Column("gln", String(13)),
    # Null for a recipient who is not notified.
    Column("recipient_id", String(36)),
    Column("connection_id", String(36)),
    # JSON: all of its items, and those that answers show.
    Column("item_uris", Text, nullable=False),
    Column("first_items", Text, nullable=False),
    Column("item_count", Integer, nullable=False),
    # Whether it has fewer items than were found.
    Column("truncated", SmallInteger, nullable=False),
    # Whether several partners have its GLN.
    Column("contested", SmallInteger, nullable=False),
    Column("last_sent_at", Milliseconds, nullable=False),
    Column("acknowledged_at", Milliseconds),
    Column("acknowledged_by", String(7)),
    Column("note", String(MAX_TEXT)),
    Index("ix_recall_notices_recall_id", "account_id", "recall_id"),
    Index("ix_recall_notices_recipient_id", "recipient_id", "id"),
    Index("ix_recall_notices_waiting", "recipient_id", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
)
_r, _n = recalls.c, recall_notices.c
_RECEIVED: tuple[Column[Any], ...] = (
    _n.id, _n.account_id, _n.connection_id, _n.first_items, _n.item_count, _n.truncated, _n.last_sent_at,
    _n.acknowledged_at, _n.note, _r.reason, _r.products, _r.instructions,
    _r.created_at, _r.withdrawn_at, _r.withdrawal_reason,
)  # fmt: skip
_partner = (accounts.c.id.label("partner_id"), accounts.c.name.label("partner_name"), accounts.c.slug)


def insert_recall(conn: Connection, account_id: str, notices: Collection[dict[str, Any]], **values: Any) -> None:
    conn.execute(recalls.insert().values(account_id=account_id, **values))
    if notices:
        given = [{"account_id": account_id, "recall_id": values["id"], **notice} for notice in notices]
        conn.execute(recall_notices.insert(), given)


def find_recall(conn: Connection, account_id: str, recall_id: str) -> AnyRow | None:
    return conn.execute(_recall(account_id, recall_id)).first()


def _recall(account_id: str, recall_id: str) -> Select[Any]:
    return select(recalls).where(_r.account_id == account_id, _r.id == recall_id)


def list_recalls(conn: Connection, account_id: str, *, before: str | None, limit: int) -> list[AnyRow]:
    """Newest first, below the id `before`."""
    query = select(recalls).where(_r.account_id == account_id).order_by(_r.id.desc()).limit(limit)
    return list(conn.execute(query if before is None else query.where(_r.id < before)))


def count_notices(conn: Connection, account_id: str, recall_ids: Collection[str]) -> dict[str, tuple[int, int, int]]:
    """(recipients, notified, acknowledged) of each recall that has recipients."""
    query = select(
        _n.recall_id, func.count(), func.count(_n.recipient_id), func.count(_n.acknowledged_at)
    ).group_by(_n.recall_id)  # fmt: skip
    found = conn.execute(query.where(_n.account_id == account_id, _n.recall_id.in_(recall_ids)))
    return {recall_id: (all_of, notified, done) for recall_id, all_of, notified, done in found}


def list_notices(conn: Connection, account_id: str, recall_id: str) -> list[AnyRow]:
    """The recipients of a recall of the account, by party; with the partner if they are notified, without all items."""
    joined = recall_notices.outerjoin(accounts, accounts.c.id == _n.recipient_id)
    shown = (column for column in recall_notices.columns if column.name != "item_uris")
    query = select(*shown, *_partner).select_from(joined)
    return list(conn.execute(query.where(_n.account_id == account_id, _n.recall_id == recall_id).order_by(_n.party)))


def list_recipients(conn: Connection, account_id: str, recall_id: str) -> list[AnyRow]:
    """(notice, recipient, connection, when acknowledged, items, first ones) of those who are notified of a recall."""
    query = select(_n.id, _n.recipient_id, _n.connection_id, _n.acknowledged_at, _n.item_count, _n.first_items).where(
        _n.account_id == account_id
    )
    return list(conn.execute(query.where(_n.recall_id == recall_id, _n.recipient_id.is_not(None))))


def list_onward(conn: Connection, account_id: str, notice_ids: Iterable[str], *, limit: int) -> list[AnyRow]:
    """(notice that is passed on, the notice by which, who has acknowledged that, whether more, number with consumers).

    Of recalls that are not withdrawn, `limit` rows at most. Of the notices behind the account's own ones nothing may be
    shown to it but whether all are acknowledged, and whether items are with consumers.
    """
    passed = recalls.outerjoin(
        recall_notices, (_n.account_id == _r.account_id) & (_n.recall_id == _r.id)
    )  # fmt: skip
    query = select(_r.notice_id, _n.id, _n.acknowledged_by, _r.truncated, _r.with_consumers).select_from(passed)
    query = query.where(_r.notice_id.in_(list(notice_ids)), _r.withdrawn_at.is_(None))
    return list(conn.execute(query.limit(limit)))


def count_passing_on(conn: Connection, account_id: str, notice_id: str) -> int:
    """Recalls of the account that pass a notice on and are not withdrawn."""
    mine = (_r.account_id == account_id, _r.notice_id == notice_id, _r.withdrawn_at.is_(None))
    return int(conn.execute(select(func.count()).where(*mine)).scalar_one())


def list_items(conn: Connection, account_id: str, recall_id: str) -> dict[str, str]:
    """All items of each notice of a recall of the account, as JSON."""
    query = select(_n.id, _n.item_uris).where(_n.account_id == account_id, _n.recall_id == recall_id)
    return {row.id: row.item_uris for row in conn.execute(query)}


def find_items(conn: Connection, account_id: str, recall_id: str, notice_id: str) -> str | None:
    """All items of a notice of a recall of the account, as JSON; None if there is no such notice."""
    query = select(_n.item_uris).where(_n.account_id == account_id, _n.recall_id == recall_id, _n.id == notice_id)
    return conn.execute(query).scalar_one_or_none()


def view_received_items(conn: Connection, viewer_id: str, notice_id: str) -> str | None:
    """All items of a notice to the viewer, as JSON; None if there is no such notice."""
    query = select(_n.item_uris).where(_n.recipient_id == viewer_id, _n.id == notice_id)
    return conn.execute(query).scalar_one_or_none()


def find_products(conn: Connection, account_id: str, recall_id: str) -> str | None:
    """The affected products of a recall of the account, as JSON."""
    return conn.execute(select(_r.products).where(_r.account_id == account_id, _r.id == recall_id)).scalar_one_or_none()


def view_received_products(conn: Connection, viewer_id: str, notice_id: str) -> str | None:
    """The affected products of the recall of a notice to the viewer, as JSON: not to be shown but for its items."""
    both = recall_notices.join(recalls, (_r.account_id == _n.account_id) & (_r.id == _n.recall_id))
    query = select(_r.products).select_from(both).where(_n.recipient_id == viewer_id, _n.id == notice_id)
    return conn.execute(query).scalar_one_or_none()


def lock_received(conn: Connection, viewer_id: str, notice_id: str) -> AnyRow | None:
    """When the recall of a notice to the viewer was withdrawn. Until the commit nobody can withdraw it."""
    both = recall_notices.join(recalls, (_r.account_id == _n.account_id) & (_r.id == _n.recall_id))
    query = select(_r.withdrawn_at).select_from(both).where(_n.recipient_id == viewer_id, _n.id == notice_id)
    return conn.execute(query.with_for_update(read=True, of=recalls)).first()


def acknowledge_notice(conn: Connection, account_id: str, notice_id: str, **values: Any) -> bool:
    """Acknowledge a notice of a recall of this account; false if it is acknowledged already: one wins."""
    waiting = recall_notices.update().where(
        _n.account_id == account_id, _n.id == notice_id, _n.acknowledged_at.is_(None)
    )
    return conn.execute(waiting.values(**values)).rowcount == 1


def find_notice(conn: Connection, account_id: str, notice_id: str) -> AnyRow | None:
    """A notice of a recall of this account."""
    return conn.execute(select(recall_notices).where(_n.account_id == account_id, _n.id == notice_id)).first()


def withdraw_recall(conn: Connection, account_id: str, recall_id: str, *, at: int, reason: str | None) -> bool:
    """False if it is withdrawn already."""
    open_one = recalls.update().where(_r.account_id == account_id, _r.id == recall_id, _r.withdrawn_at.is_(None))
    return conn.execute(open_one.values(withdrawn_at=at, withdrawal_reason=reason)).rowcount == 1


def take_reminder(conn: Connection, account_id: str, recall_id: str, *, at: int, not_after: int) -> bool:
    """False if it is withdrawn, or was reminded of after `not_after`: one of several callers reminds."""
    due = or_(_r.reminded_at.is_(None), _r.reminded_at <= not_after)
    mine = recalls.update().where(_r.account_id == account_id, _r.id == recall_id, _r.withdrawn_at.is_(None), due)
    return conn.execute(mine.values(reminded_at=at)).rowcount == 1


def _received(viewer_id: str) -> Select[Any]:
    issuer = recall_notices.join(recalls, (_r.account_id == _n.account_id) & (_r.id == _n.recall_id))
    query: Select[Any] = select(*_RECEIVED, *_partner)
    return query.select_from(issuer.join(accounts, accounts.c.id == _n.account_id)).where(_n.recipient_id == viewer_id)


def view_received(conn: Connection, viewer_id: str, notice_id: str) -> AnyRow | None:
    """A notice to the viewer, with the partner who recalls."""
    return conn.execute(_received(viewer_id).where(_n.id == notice_id)).first()


def list_received(
    conn: Connection, viewer_id: str, *, before: str | None, limit: int, is_waiting: bool
) -> list[AnyRow]:
    """As `view_received`, newest first, below the id `before`."""
    query = _received(viewer_id).order_by(_n.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_n.id < before)
    if is_waiting:
        query = query.where(_n.acknowledged_at.is_(None), _r.withdrawn_at.is_(None))
    return list(conn.execute(query))


def list_passing_on(conn: Connection, account_id: str, notice_ids: Collection[str]) -> dict[str, list[str]]:
    """The account's own recalls that pass these notices on and are not withdrawn, by notice: at most MAX_PASSED_ON."""
    query = select(_r.notice_id, _r.id).where(
        _r.account_id == account_id, _r.notice_id.in_(notice_ids), _r.withdrawn_at.is_(None)
    )
    found: dict[str, list[str]] = {}
    for notice_id, recall_id in conn.execute(query.order_by(_r.id)):
        found.setdefault(notice_id, []).append(recall_id)
    return found
