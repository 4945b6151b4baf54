"""Verifies the hash chain of an account."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.audit import store
from linkxg.audit.record import chain

_FIELDS = (
    "seq",
    "at",
    "action",
    "actor_kind",
    "actor_id",
    "target",
    "source",
    "request_id",
    "secret_id",
    "details",
)
_PAGE = 1_000


class Verdict(NamedTuple):
    """`events` were checked; `broken_at` is the first sequence number that does not fit, None when all do."""

    account_id: str
    events: int
    broken_at: int | None


def verify_chains(conn: Connection) -> list[Verdict]:
    """The verdict of every account."""
    return [verify_chain(conn, account_id) for account_id in store.list_accounts(conn)]


def verify_chain(conn: Connection, account_id: str) -> Verdict:
    """Recompute every link and compare the last one with the head, which also shows a chain cut short."""
    head = store.find_head(conn, account_id)
    link, seen = b"", 0
    while rows := store.list_chain(conn, account_id, after=seen, limit=_PAGE):
        for row in rows:
            values = {name: getattr(row, name) for name in _FIELDS}
            expected = chain(link, account_id, values)
            if row.seq != seen + 1 or row.hash != expected:
                return Verdict(account_id, seen, seen + 1)
            link, seen = expected, seen + 1
    if head is None or head.seq != seen or head.hash != link:
        return Verdict(account_id, seen, seen + 1)
    return Verdict(account_id, seen, None)
