"""Reads one shared product and its published versions."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from linkxg.catalog.products.read_product import is_version
from linkxg.catalog.products.shared_model import Grant, SharedProductView
from linkxg.catalog.products.shared_product import SharedVersion, view_shared_version
from linkxg.catalog.products.shared_store import find_shared, list_published_versions
from linkxg.catalog.products.versions.model import VersionRow
from linkxg.clock import now_ms, rfc3339_or_none
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.http.long_answer import LongAnswer
from linkxg.ids import is_uuid
from linkxg.network.shared_products import store
from linkxg.network.shared_products.find_page import BATCH, MAX_BYTES
from linkxg.network.shared_products.model import CountReads, VisibleShare
from linkxg.network.shares.view_share import paths_of

T = TypeVar("T")


async def read_shared(
    database: Database, count_reads: CountReads, viewer_id: str, product_id: str
) -> SharedProductView:
    """The latest version. Raises NotFound unless a live share shows it."""
    shown = await database.read_single(find_shared, viewer_id, product_id, now_ms()) if is_uuid(product_id) else None
    if shown is None:
        raise NotFound
    count_reads(shown.shared_by.account_id, viewer_id, (product_id,))
    return shown


async def list_shares_that_show(
    database: Database, viewer_id: str, product_id: str, *, limit: int
) -> list[VisibleShare]:
    """The live shares by which the viewer sees the product, the next to end first."""
    rows = await database.read_single(store.list_shares_that_show, viewer_id, product_id, now_ms(), limit)
    return [VisibleShare(paths_of(row.fields), rfc3339_or_none(row.expires_at)) for row in rows]


async def read_shared_version(
    database: Database, count_reads: CountReads, viewer_id: str, product_id: str, version: int
) -> tuple[SharedProductView, SharedVersion]:
    """Raises NotFound; for earlier versions also unless a share shows all versions."""
    if not is_uuid(product_id) or not is_version(version):
        raise NotFound
    read = await database.read(_find_versions, viewer_id, product_id, version + 1, 1)
    if read is None or not read.rows or read.rows[0].version != version:
        raise NotFound
    count_reads(read.shown.shared_by.account_id, viewer_id, (product_id,))
    return read.shown, view_shared_version(read.rows[0], read.shown.grants_of(version))


async def list_shared_versions(
    database: Database,
    count_reads: CountReads,
    viewer_id: str,
    product_id: str,
    represent: Callable[[SharedVersion], T],
    answer: LongAnswer,
    *,
    before: int | None,
    limit: int,
) -> tuple[SharedProductView, list[T], int | None]:
    """(the product; a page of the versions that are shared, newest first; the version to continue before or None).

    A page of large contents has fewer than `limit`. Raises NotFound, and the errors of `answer`.
    """
    if not is_uuid(product_id):
        raise NotFound
    rows: list[VersionRow] = []
    place = before
    while True:
        size = min(BATCH, limit + 1 - len(rows))
        read = await database.read(_find_versions, viewer_id, product_id, place, size)
        if read is None:
            raise NotFound
        rows += read.rows
        if len(read.rows) < size or len(rows) > limit or sum(len(row.content) for row in rows) >= MAX_BYTES:
            break
        place = rows[-1].version
        await answer.pause()
    may_follow = len(read.rows) == size
    rows, shown = rows[:limit], read.shown
    found: list[T] = []
    for row, grants in _granted(shown, rows):
        if found:
            await answer.pause()
        found.append(represent(view_shared_version(row, grants)))
    if answer.took_long:
        now = await database.read_single(find_shared, viewer_id, product_id, now_ms())
        if now is None:
            raise NotFound
        if set(now.grants) != set(shown.grants):
            shown = now
            found = [represent(view_shared_version(row, grants)) for row, grants in _granted(shown, rows)]
    await answer.authorise()
    count_reads(shown.shared_by.account_id, viewer_id, (product_id,))
    return shown, found, rows[-1].version if may_follow else None


def _granted(shown: SharedProductView, rows: Iterable[VersionRow]) -> list[tuple[VersionRow, list[Grant]]]:
    """The versions that are shared, with the shares that show them."""
    return [(row, grants) for row in rows if (grants := shown.grants_of(row.version))]


class _Versions(NamedTuple):
    shown: SharedProductView
    rows: list[VersionRow]


def _find_versions(
    conn: Connection, viewer_id: str, product_id: str, before: int | None, limit: int
) -> _Versions | None:
    """The next versions that are shared, with the product; None unless it is visible."""
    shown = find_shared(conn, viewer_id, product_id, now_ms())
    if shown is None:
        return None
    if not shown.shows_all_versions:
        if before is not None and before <= shown.view.version:
            return _Versions(shown, [])
        limit = 1
    rows = list_published_versions(conn, shown.shared_by.account_id, product_id, before=before, limit=limit)
    return _Versions(shown, [row for row, _ in _granted(shown, rows)])
