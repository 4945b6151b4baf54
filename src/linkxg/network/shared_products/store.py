"""The SQL of shares and acknowledgements as their viewer sees and writes them."""

from typing import Any

from sqlalchemy import Connection, literal, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.catalog.products.share_store import shares, visible_to
from linkxg.catalog.products.store import products
from linkxg.db.schema import AnyRow
from linkxg.network.shares.store import acknowledgements


def find_acknowledgement(conn: Connection, account_id: str, product_id: str, viewer_id: str) -> AnyRow | None:
    """That of this viewer about a product of the account."""
    a = acknowledgements.c
    same = (a.account_id == account_id, a.product_id == product_id, a.viewer_id == viewer_id)
    return conn.execute(select(acknowledgements).where(*same)).first()


def list_shares_that_show(conn: Connection, viewer_id: str, product_id: str, now: int, limit: int) -> list[AnyRow]:
    """The fields and the end of each live share that shows the viewer this product; the next to end comes first."""
    query = (
        select(shares.c.fields, shares.c.expires_at)
        .select_from(products)
        .join(shares, visible_to(literal(viewer_id), literal(now)))
        .where(products.c.id == product_id, shares.c.viewer_id == viewer_id)
    )
    never = shares.c.expires_at.is_(None)
    return list(conn.execute(query.order_by(never, shares.c.expires_at, shares.c.id).limit(limit)))


def write_acknowledgement(conn: Connection, account_id: str, product_id: str, viewer_id: str, **values: Any) -> None:
    """In place of an earlier one of this viewer."""
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    key = {"account_id": account_id, "product_id": product_id, "viewer_id": viewer_id}
    statement = insert(acknowledgements).values(**key, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
