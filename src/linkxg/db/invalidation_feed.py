"""The invalidation feed, by which every worker learns of revocations.

An append-only table. A unit of work that revokes, ends, rotates or disables appends a row in its transaction; each
worker keeps the live part in memory and gets new rows from its engine. A row outlives every token that it can concern,
so a worker that starts late still knows all of them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Column, Connection, Index, String, Table, bindparam, select

from linkxg.clock import MINUTE, now_ms
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.errors import TemporarilyUnavailable

LIVE_MS = 20 * MINUTE
"""The life of an access token (15 min), leeway, and skew between the clocks of nodes."""

TOKEN, SESSION, CLIENT, USER, KEYS = "token", "session", "client", "user", "keys"
GONE = 2**53 - 1
"""The last epoch: no token of a deleted person or client is ever valid again."""

changes = Table(
    "changes",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("epoch", Sequence, nullable=False),
    Column("at", Milliseconds, nullable=False),
    # Null for what concerns every account.
    Column("account_id", String(36)),
    # PostgreSQL fills in the transaction's id, by which readers find rows whose transaction committed late.
    Column("txid", Sequence, info={"local": True}),
    Index("ix_changes_txid", "txid"),
    Index("ix_changes_at", "at"),
    Index("ix_changes_subject", "subject"),
    sqlite_autoincrement=True,
)


class Invalidation(NamedTuple):
    """`subject` (the id of a `kind`) changed; of a client or person, tokens of an earlier epoch are invalid."""

    kind: str
    subject: str
    epoch: int
    at: int
    account_id: str | None = None
    """None if it concerns every account."""


_COLUMNS = (changes.c.seq, *(changes.c[name] for name in Invalidation._fields))
SINCE = select(*_COLUMNS).where(changes.c.seq > bindparam("seq")).order_by(changes.c.seq)
LIVE = select(*_COLUMNS).where(changes.c.at > bindparam("after")).order_by(changes.c.seq)


def append(conn: Connection, account_id: str | None, kind: str, subject: str, epoch: int = 0) -> None:
    """Invalidate `subject` in every worker once this transaction commits."""
    change = Invalidation(kind, subject, epoch, now_ms(), account_id)
    conn.execute(changes.insert().values(change._asdict()))
    conn.info.setdefault("changes", []).append(change)


def append_all(conn: Connection, account_id: str, kind: str, epochs: Mapping[str, int]) -> None:
    """`append` for many subjects of one kind at once."""
    if epochs:
        now = now_ms()
        found = [Invalidation(kind, *item, now, account_id) for item in epochs.items()]
        conn.execute(changes.insert(), [change._asdict() for change in found])
        conn.info.setdefault("changes", []).extend(found)


def purge(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` rows that concern no live token; returns how many."""
    old = select(changes.c.seq).where(changes.c.at < now - 2 * LIVE_MS).limit(limit)
    return conn.execute(changes.delete().where(changes.c.seq.in_(old))).rowcount


class InvalidationFeed:
    """The in-memory end of the table.

    `check()` is called before any decision that a revocation could reverse. It returns when this worker has seen every
    change committed on this machine (SQLite) or heard from the database within `stale_after` seconds (PostgreSQL), and
    raises TemporarilyUnavailable otherwise: the feed fails closed.
    """

    def __init__(self, stale_after: float = 5.0) -> None:
        self.stale_after = stale_after
        self.generation = 0
        self.last_seq = 0
        self._heard_at = float("-inf")
        self._listeners: dict[str, list[Callable[[Invalidation], None]]] = defaultdict(list)

    def subscribe(self, kind: str, listener: Callable[[Invalidation], None]) -> None:
        """Call `listener` for each change of `kind`, for the same change perhaps twice."""
        self._listeners[kind].append(listener)

    def check(self) -> None:
        if time.monotonic() - self._heard_at > self.stale_after:
            raise TemporarilyUnavailable("invalidation feed is stale")

    def lag(self) -> float:
        """Seconds since the last answer of the database."""
        return time.monotonic() - self._heard_at

    def heard(self, asked_at: float) -> None:
        """The database has answered a query sent at `asked_at` (monotonic seconds)."""
        self._heard_at = asked_at

    def apply(self, found: Iterable[Invalidation]) -> None:
        for change in found:
            self.generation += 1
            for listener in self._listeners[change.kind]:
                listener(change)

    def apply_rows(self, rows: Iterable[AnyRow]) -> None:
        for row in rows:
            self.apply((Invalidation(row.kind, row.subject, row.epoch, row.at, row.account_id),))
            # Last, so that a change is applied again if a listener has failed.
            self.last_seq = max(self.last_seq, row.seq)
