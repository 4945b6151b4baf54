"""The SQL of subscriptions as their account sees them."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.types import BigInteger

from linkxg.db.schema import Milliseconds, metadata
from linkxg.network.epcis.events.store import events
from linkxg.network.epcis.query.named_query_model import MAX_NAME
from linkxg.network.epcis.query.named_query_store import queries
from linkxg.network.epcis.subscriptions.model import EventPosition, SubscriptionRow

_ACTIVE = text("state = 'ACTIVE'")
subscriptions = Table(
    "epcis_subscriptions",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("query_name", String(MAX_NAME).with_variant(String(MAX_NAME, collation="C"), "postgresql"), nullable=False),
    Column("dest", Text, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("epc_format", String(30), nullable=False),
    # The JSON of a schedule; null of a stream.
    Column("schedule", Text),
    Column("report_if_empty", SmallInteger, nullable=False),
    Column("initial_record_time", Milliseconds),
    Column("min_record_time", Milliseconds, nullable=False),
    # The JSON of the caller on whose behalf events are delivered.
    Column("actor", Text, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("last_notified_at", Milliseconds),
    Column("state", String(10), nullable=False),
    # The place behind which the events are that have still to be delivered.
    Column("position_time", Milliseconds, nullable=False),
    Column("position", BigInteger, nullable=False),
    # When something may next be delivered: of a stream at any time, unless an attempt has failed.
    Column("due_at", Milliseconds, nullable=False),
    # Whether the present run of a schedule has delivered something.
    Column("has_reported", SmallInteger, nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("worker", String(36)),
    Column("lease_until", Milliseconds, nullable=False),
    Column("delivery_id", String(36)),
    Column("delivery_end_time", Milliseconds, nullable=False),
    Column("delivery_end", BigInteger, nullable=False),
    Column("delivery_events", Integer, nullable=False),
    Column("delivery_at", Milliseconds, nullable=False),
    Column("delivery_is_last", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    ForeignKeyConstraint(["account_id", "query_name"], [queries.c.account_id, queries.c.name], ondelete="CASCADE"),
    Index("ix_epcis_subscriptions_query_name", "account_id", "query_name", "id"),
    Index("ix_epcis_subscriptions_due", "lease_until", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
)
_s = subscriptions.c
COLUMNS = [_s[name] for name in SubscriptionRow._fields]


def find_subscription(
    conn: Connection, account_id: str, id: str, query_name: str | None = None
) -> SubscriptionRow | None:
    """The subscription, if it is one of this query."""
    query = select(*COLUMNS).where(_s.account_id == account_id, _s.id == id)
    if query_name is not None:
        query = query.where(_s.query_name == query_name)
    row = conn.execute(query).first()
    return None if row is None else SubscriptionRow(*row)


def list_subscriptions(
    conn: Connection, account_id: str, query_name: str, *, after: str, limit: int
) -> list[SubscriptionRow]:
    """Those of a query, the oldest first, behind `after`."""
    mine = (_s.account_id == account_id, _s.query_name == query_name, _s.id > after)
    rows = conn.execute(select(*COLUMNS).where(*mine).order_by(_s.id).limit(limit))
    return [SubscriptionRow(*row) for row in rows]


def list_all_subscriptions(conn: Connection, account_id: str) -> list[SubscriptionRow]:
    """Those of every query, by query, the oldest first; an account has at most MAX_SUBSCRIPTIONS."""
    rows = conn.execute(select(*COLUMNS).where(_s.account_id == account_id).order_by(_s.query_name, _s.id))
    return [SubscriptionRow(*row) for row in rows]


def count_subscriptions(conn: Connection, account_id: str) -> int:
    return int(conn.execute(select(func.count()).where(_s.account_id == account_id)).scalar_one())


def insert_subscription(conn: Connection, account_id: str, row: SubscriptionRow) -> None:
    conn.execute(subscriptions.insert().values(row._asdict() | {"account_id": account_id}))


def update_subscription(conn: Connection, account_id: str, id: str, values: dict[str, Any]) -> None:
    conn.execute(subscriptions.update().where(_s.account_id == account_id, _s.id == id).values(values))


def delete_subscription(conn: Connection, account_id: str, query_name: str, id: str) -> bool:
    """False if there is none; of concurrent deletions one wins."""
    mine = (_s.account_id == account_id, _s.query_name == query_name, _s.id == id)
    return conn.execute(subscriptions.delete().where(*mine)).rowcount == 1


def delete_subscriptions(conn: Connection, account_id: str, query_name: str) -> list[str]:
    """Delete those of a query; their ids."""
    mine = subscriptions.delete().where(_s.account_id == account_id, _s.query_name == query_name)
    return sorted(conn.execute(mine.returning(_s.id)).scalars())


def pause_all(conn: Connection, account_id: str, reason: str) -> int:
    """Pause those that are active; how many."""
    mine = subscriptions.update().where(_s.account_id == account_id, _s.state == "ACTIVE")
    return conn.execute(mine.values(state="PAUSED", last_error=reason, worker=None, lease_until=0)).rowcount


def list_secrets(conn: Connection) -> list[tuple[str, str, bytes]]:
    """(account, subscription, sealed secret) of every account."""
    rows = conn.execute(select(_s.account_id, _s.id, _s.sealed_secret))
    return [(row.account_id, row.id, bytes(row.sealed_secret)) for row in rows]


def find_locked_query(conn: Connection, account_id: str, name: str) -> str | None:
    """The JSON of a named query, which nobody deletes until the transaction ends."""
    query = select(queries.c.query).where(queries.c.account_id == account_id, queries.c.name == name)
    found: str | None = conn.execute(query.with_for_update(read=True, key_share=True)).scalar()
    return found


def find_last_place(conn: Connection, account_id: str) -> EventPosition:
    """The place of the account's last event; before all events if there is none."""
    mine = select(events.c.record_time, events.c.id).where(events.c.account_id == account_id)
    row = conn.execute(mine.order_by(events.c.record_time.desc(), events.c.id.desc()).limit(1)).first()
    return EventPosition(0, 0) if row is None else EventPosition(row.record_time, row.id)
