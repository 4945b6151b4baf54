"""How does a product cease to exist?

One that was never published is deleted. One that was stays for its readers, archived: what was told about an article in
the market remains readable.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.authorization.write_as import write_as
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import NotFound, PreconditionFailed, PublicError
from linkxg.ids import is_uuid
from linkxg.products import store
from linkxg.products.change_product import MayChange
from linkxg.products.model import Head
from linkxg.products.versions.store import delete_drafts


async def remove_product(
    database: Database, actor: Actor, account_id: str, product_id: str, may_change: MayChange
) -> None:
    """Raises NotFound or PreconditionFailed. What is archived already stays as it is."""
    if not is_uuid(product_id):
        raise NotFound

    def unit(conn: Connection) -> PublicError | None:
        while True:
            head = store.find_head(conn, account_id, product_id)
            if head is None:
                return NotFound()
            if not may_change(head.revision):
                return PreconditionFailed()
            if head.status == "ARCHIVED":
                return None
            if head.latest_version is None:
                done, action = _delete(conn, account_id, head), "product.deleted"
            else:
                done, action = _archive(conn, account_id, head), "product.archived"
            if done:
                break
        audit.record(conn, account_id, actor, action, product_id, {"sku": head.sku})
        return None

    refused = await write_as(database, actor, unit)
    if refused is not None:
        raise refused


def _delete(conn: Connection, account_id: str, head: Head) -> bool:
    # The head first: its revision decides, and its lock keeps others from beginning a version.
    if not store.update_head(conn, account_id, head.id, seen=head.revision):
        return False
    delete_drafts(conn, account_id, head.id)
    return store.delete_head(conn, account_id, head.id, seen=head.revision + 1)


def _archive(conn: Connection, account_id: str, head: Head) -> bool:
    """Its GTIN is free then; its SKU is not, since it names the product in the account's books."""
    updated_at = max(now_ms(), head.updated_at)
    return store.update_head(conn, account_id, head.id, seen=head.revision, status="ARCHIVED", updated_at=updated_at)
