"""Appends to the feeds of accounts, in the transaction of the change."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.network.changes import store
from linkxg.network.changes.model import Change


def append_all(conn: Connection, changes: Mapping[str, Collection[Change]]) -> None:
    """Append the changes of each account, as the last statements of a transaction.

    Each account's feed stays locked until the commit; all transactions take them in the order of their ids.
    """
    now = now_ms()
    for account_id in sorted(changes):
        if found := changes[account_id]:
            store.append(conn, account_id, found, now)
