"""A publish hook for a server under test: it stores each publication in the table `recorded_publications`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

import linkxg.publish_hooks
from linkxg.catalog.products.publication import Publication
from linkxg.catalog.products.versions.store import find_version

TABLE = "recorded_publications"
_INSERT = text(f"insert into {TABLE} values (:sku, :version, :status, :is_stored)")


def record(conn: Connection, published: Sequence[Publication]) -> None:
    """The status and content are those that the version has within the transaction."""
    for account_id, product, version, content, _ in published:
        row = find_version(conn, account_id, product.id, version)
        assert row is not None
        stored = "stored" if row.content == content else "other"
        conn.execute(_INSERT, {"sku": product.sku, "version": version, "status": row.status, "is_stored": stored})


def register() -> None:
    """Called at the start of a process, before the server imports its hooks."""
    linkxg.publish_hooks.PUBLISH_HOOKS = (record,)
