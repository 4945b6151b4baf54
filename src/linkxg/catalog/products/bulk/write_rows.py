"""Writes planned rows, and calls the publish hooks for those that publish."""

from collections.abc import Sequence

from sqlalchemy import Connection

from linkxg import audit
from linkxg.catalog.products.bulk.model import PlannedWrite, WrittenProduct
from linkxg.catalog.products.bulk.store import write_planned
from linkxg.catalog.products.publication import Publication, PublishHooks


def write_rows(
    conn: Connection, account_id: str, created_by: str, planned: Sequence[PlannedWrite], hooks: PublishHooks
) -> list[WrittenProduct]:
    """As `write_planned`."""
    outcomes = write_planned(conn, account_id, created_by, planned)
    written = [row for row, outcome in zip(planned, outcomes, strict=True) if outcome is WrittenProduct.WRITTEN]
    call_hooks(conn, account_id, written, hooks)
    return outcomes


def call_hooks(conn: Connection, account_id: str, written: Sequence[PlannedWrite], hooks: PublishHooks) -> None:
    """Of those rows that publish."""
    published = [Publication(account_id, row.head, row.version, row.content) for row in written if row.publishes]
    if published and hooks:
        audit.lock_chains(conn, account_id, account_id)
        for hook in hooks:
            hook(conn, published)
