"""The SQL that deletes old shares, and the acknowledgements that went with them.

A share is kept for as long after its end as the access log keeps reads, which it explains. An acknowledgement is kept
until no share that is stored, live or ended, covers its product.
"""

from typing import Any

from sqlalchemy import Connection, and_, delete, exists, literal, or_, select

from linkxg.catalog.products.share_model import ALL_PRODUCTS
from linkxg.catalog.products.share_store import covers_product, is_subject, shares
from linkxg.catalog.products.store import products
from linkxg.clock import DAY
from linkxg.db.row_values import is_one_of
from linkxg.db.schema import AnyRow
from linkxg.network.shares.store import acknowledgements

KEEP_MS = 400 * DAY


def purge_shares(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` shares that ended KEEP_MS ago, and acknowledgements; returns how many rows."""
    before = literal(now - KEEP_MS)
    old: dict[Any, AnyRow] = {}
    # Each by its index.
    for is_over in (shares.c.withdrawn_at < before, shares.c.expiry_recorded_at < before):
        query = select(shares.c.account_id, shares.c.id, shares.c.viewer_id, shares.c.subject).where(is_over)
        old |= {(row.account_id, row.id): row for row in conn.execute(query.limit(limit))}
    deleted = 0
    for share in old.values():
        deleted += _delete_acknowledgements(conn, share.account_id, share, limit - deleted)
        if deleted == limit:
            # Some of its acknowledgements may be left: it is deleted in a later step.
            break
        conn.execute(delete(shares).where(shares.c.account_id == share.account_id, shares.c.id == share.id))
        deleted += 1
        if deleted == limit:
            break
    return deleted


def _delete_acknowledgements(conn: Connection, account_id: str, share: AnyRow, limit: int) -> int:
    """Of the products of this share, those that no other share to the viewer covers."""
    others = and_(shares.c.account_id == account_id, shares.c.viewer_id == share.viewer_id, shares.c.id != share.id)
    as_wide = or_(shares.c.subject == ALL_PRODUCTS, shares.c.subject == share.subject)
    if conn.execute(select(shares.c.id).where(others, as_wide).limit(1)).first() is not None:
        return 0
    answered = and_(
        acknowledgements.c.account_id == products.c.account_id, acknowledgements.c.product_id == products.c.id
    )
    covered = select(literal(1)).select_from(shares).where(others, covers_product()).correlate(products)
    key = (acknowledgements.c.account_id, acknowledgements.c.product_id, acknowledgements.c.viewer_id)
    query = (
        select(*key)
        .join(products, answered)
        .where(
            acknowledgements.c.account_id == account_id, acknowledgements.c.viewer_id == share.viewer_id,
            is_subject(share.subject), ~exists(covered),
        )
        .limit(limit)
    )  # fmt: skip
    found = [tuple(row) for row in conn.execute(query)]
    if found:
        conn.execute(delete(acknowledgements).where(is_one_of(key, found)))
    return len(found)
