"""Revokes signed passports in their status lists, in the transaction of the withdrawal."""

from sqlalchemy import Connection

from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.publication import StateChange
from linkxg.clock import now_ms
from linkxg.network.passports.signing import store


def revoke_withdrawn_version(
    conn: Connection, account_id: str, change: StateChange, product: ProductRecord, version: int | None
) -> None:
    """A hook of state changes: revokes every passport that has the withdrawn version of the product."""
    if change == "PRODUCT_WITHDRAWN" and version is not None:
        store.revoke_entries_of_version(conn, account_id, product.id, version, now_ms())


def revoke_passport(conn: Connection, account_id: str, passport_id: str, now: int) -> None:
    """Revokes every version of a withdrawn passport."""
    store.revoke_entries(conn, account_id, passport_id, now)
