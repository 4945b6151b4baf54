"""Lists the products that others share with an account."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TypeVar

from linkxg.catalog.products.shared_model import SharedPosition, SharedProductView
from linkxg.catalog.products.shared_store import list_grants
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.http.long_answer import LongAnswer
from linkxg.network.shared_products.find_page import SharedFilter, find_page, is_small
from linkxg.network.shared_products.model import CountReads
from linkxg.network.shared_products.search_slots import search_slot

STEP_BYTES = 64 * 1024
"""Bytes of contents that are represented before other requests get their turn."""
T = TypeVar("T")
Represent = Callable[[SharedProductView], T]


async def list_shared_products(
    database: Database,
    count_reads: CountReads,
    viewer_id: str,
    criteria: SharedFilter,
    represent: Represent[T],
    answer: LongAnswer,
    *,
    after: SharedPosition | None,
    limit: int,
) -> tuple[list[T], SharedPosition | None]:
    """(a page, the place to continue after or None). Raises RateLimitExceeded, and the errors of `answer`.

    The number of products that are scanned is bounded, and the size of a page, so a page may have fewer than `limit`,
    or none, without being the last.
    """
    with nullcontext() if is_small(criteria, limit) else search_slot(viewer_id):
        found, following = await find_page(database, viewer_id, criteria, answer, after=after, limit=limit)
        shown = await _represent(found, represent, answer)
        if answer.took_long:
            found, shown = await _still_visible(database, viewer_id, found, shown, represent)
        await answer.authorise()
    for owner_id, product_ids in _by_owner(found).items():
        count_reads(owner_id, viewer_id, product_ids)
    return shown, following


async def _represent(found: Sequence[SharedProductView], represent: Represent[T], answer: LongAnswer) -> list[T]:
    shown: list[T] = []
    size = 0
    for one in found:
        if size >= STEP_BYTES:
            size = 0
            await answer.pause()
        shown.append(represent(one))
        size += len(one.view.content)
    return shown


async def _still_visible(
    database: Database, viewer_id: str, found: list[SharedProductView], shown: list[T], represent: Represent[T]
) -> tuple[list[SharedProductView], list[T]]:
    """Those that are shared by now, and as far as they are shared by now."""
    ids = [one.view.head.id for one in found]
    by_product = await database.read_single(list_grants, viewer_id, ids, now_ms())
    views: list[SharedProductView] = []
    kept: list[T] = []
    for one, before in zip(found, shown, strict=True):
        grants = by_product.get(one.view.head.id)
        if grants is None:
            continue
        is_same = set(grants) == set(one.grants)
        views.append(one if is_same else one._replace(grants=grants))
        kept.append(before if is_same else represent(views[-1]))
    return views, kept


def _by_owner(found: Sequence[SharedProductView]) -> dict[str, list[str]]:
    by_owner: dict[str, list[str]] = {}
    for shown in found:
        by_owner.setdefault(shown.shared_by.account_id, []).append(shown.view.head.id)
    return by_owner
