"""The SQL of acknowledgements as their viewer writes and reads them."""

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.db.schema import AnyRow
from linkxg.network.shares.store import acknowledgements


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
