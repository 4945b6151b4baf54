"""The SQL of a viewer: the partner of a connection, and acknowledgements."""

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.db.schema import AnyRow
from linkxg.network.connections.store import connections
from linkxg.network.shares.store import acknowledgements


def find_partner(conn: Connection, account_id: str, connection_id: str) -> str | None:
    """The other account of a connection; None unless it is active."""
    partner: str | None = conn.execute(
        select(connections.c.partner_id).where(
            connections.c.account_id == account_id,
            connections.c.id == connection_id,
            connections.c.status == "ACTIVE",
        )
    ).scalar_one_or_none()
    return partner


def find_acknowledgement(conn: Connection, account_id: str, product_id: str, viewer_id: str) -> AnyRow | None:
    """What this viewer answered about a product of the account."""
    answer = acknowledgements.c
    same = (answer.account_id == account_id, answer.product_id == product_id, answer.viewer_id == viewer_id)
    return conn.execute(select(acknowledgements).where(*same)).first()


def write_acknowledgement(conn: Connection, account_id: str, product_id: str, viewer_id: str, **values: Any) -> None:
    """In place of an earlier one of this viewer."""
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    key = {"account_id": account_id, "product_id": product_id, "viewer_id": viewer_id}
    statement = insert(acknowledgements).values(**key, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
