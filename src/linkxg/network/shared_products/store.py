"""The SQL of acknowledgements as their viewer writes and reads them."""

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.db.schema import AnyRow
from linkxg.network.shares.store import acknowledgements


def find_acknowledgement(conn: Connection, account_id: str, product_id: str, viewer_id: str) -> AnyRow | None:
    """That of this viewer about a product of the account."""
    a = acknowledgements.c
    same = (a.account_id == account_id, a.product_id == product_id, a.viewer_id == viewer_id)
    return conn.execute(select(acknowledgements).where(*same)).first()


def write_acknowledgement(conn: Connection, account_id: str, product_id: str, viewer_id: str, **values: Any) -> None:
    """In place of an earlier one of this viewer."""
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    key = {"account_id": account_id, "product_id": product_id, "viewer_id": viewer_id}
    statement = insert(acknowledgements).values(**key, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
