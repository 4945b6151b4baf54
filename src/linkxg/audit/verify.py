"""Verifies the hash chain of an account."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.audit import store
from linkxg.audit.record import chain_hash

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
    """`events` were verified; `broken_at` is the first sequence number that does not match, None if all do."""

    account_id: str
    events: int
    broken_at: int | None


def verify_chains(conn: Connection) -> list[Verdict]:
    return [verify_chain(conn, account_id) for account_id in store.list_accounts(conn)]


def verify_chain(conn: Connection, account_id: str) -> Verdict:
    """Recompute every hash and compare the last one with the head, which also reveals a truncated chain."""
    head = store.find_head(conn, account_id)
    previous, seen = b"", 0
    while rows := store.list_chain(conn, account_id, after=seen, limit=_PAGE):
        for row in rows:
            values = {name: getattr(row, name) for name in _FIELDS}
            expected = chain_hash(previous, account_id, values)
            if row.seq != seen + 1 or row.hash != expected:
                return Verdict(account_id, seen, seen + 1)
            previous, seen = expected, seen + 1
    if head is None or head.seq != seen or head.hash != previous:
        return Verdict(account_id, seen, seen + 1)
    return Verdict(account_id, seen, None)
