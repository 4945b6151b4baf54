"""Appends to the feeds of accounts, in the transaction of the change."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from linkxg.network.feed import store
from linkxg.network.feed.model import Change


def append_all(conn: Connection, changes: Mapping[str, Collection[Change]]) -> None:
    """Append the changes of each account, as the last statements of a transaction.

    Each account's feed stays locked until the commit.
    """
    if found := {account_id: changes_of for account_id, changes_of in changes.items() if changes_of}:
        store.append(conn, found)
