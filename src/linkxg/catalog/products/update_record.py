"""Optimistic locking of a product: a change is computed from one revision, and written only if it is still current."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from linkxg.catalog.products import store
from linkxg.catalog.products.change_product import Precondition
from linkxg.catalog.products.model import ProductRecord
from linkxg.errors import NotFound, PreconditionFailed, PublicError

T = TypeVar("T")


def change_record(
    conn: Connection,
    account_id: str,
    product_id: str,
    precondition: Precondition,
    attempt: Callable[[ProductRecord], T | PublicError | None],
) -> T | PublicError:
    """The result of `attempt` with the current record, or NotFound or PreconditionFailed (RFC 9110 §13.1.1).

    If `attempt` returns None, another transaction has written the record, and it is read again.
    """
    while True:
        head = store.find_record(conn, account_id, product_id)
        if head is None:
            return NotFound()
        if not precondition(head.revision):
            return PreconditionFailed()
        outcome = attempt(head)
        if outcome is not None:
            return outcome
