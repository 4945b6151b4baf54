"""Optimistic concurrency on a product's head: a change is decided from the revision read, and written only over it."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from linkxg.catalog.products import store
from linkxg.catalog.products.change_product import MayChange
from linkxg.catalog.products.model import ProductRecord
from linkxg.errors import NotFound, PreconditionFailed, PublicError

T = TypeVar("T")


def change_head(
    conn: Connection,
    account_id: str,
    product_id: str,
    may_change: MayChange,
    attempt: Callable[[ProductRecord], T | PublicError | None],
) -> T | PublicError:
    """What `attempt` returns for the current head; NotFound or PreconditionFailed (RFC 9110 §13.1.1) before it.

    `attempt` returns None when another transaction has written the head since it was read; it is then read again.
    """
    while True:
        head = store.find_head(conn, account_id, product_id)
        if head is None:
            return NotFound()
        if not may_change(head.revision):
            return PreconditionFailed()
        outcome = attempt(head)
        if outcome is not None:
            return outcome
