"""Appends what happens to a product to the feeds of those who see it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from linkxg.catalog.products.content import category_of, read_content
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.publication import Publication
from linkxg.catalog.products.share_model import LiveShare
from linkxg.catalog.products.share_store import list_live_shares
from linkxg.catalog.products.versions.store import list_previous_contents
from linkxg.clock import now_ms
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change, ChangeType

_Viewers = set[tuple[str, str]]
"""(viewer, connection)"""


def product_published(conn: Connection, publications: Sequence[Publication]) -> None:
    """A publish hook. A viewer who saw the category of the version before, and not the new one, loses the product.

    The audit chain is locked: a share that is created at the same time is either seen here, or begins after the commit.
    """
    account_id = publications[0].account_id
    shares = list_live_shares(conn, account_id, [one.product.id for one in publications], now_ms())
    if not shares:
        return
    former = _former_categories(conn, account_id, shares, publications)
    changes: dict[str, list[Change]] = defaultdict(list)
    for one in publications:
        product = one.product
        viewers = _viewers(shares, product.id, product.category)
        published: ChangeType = "PRODUCT_PUBLISHED" if one.version == 1 else "PRODUCT_UPDATED"
        _add(changes, viewers, published, product.id, one.version)
        if product.id in former:
            lost = _viewers(shares, product.id, former[product.id]) - viewers
            _add(changes, lost, "SHARE_REMOVED", product.id, None)
    append_all(conn, changes)


def product_changed(
    conn: Connection, account_id: str, type: ChangeType, product: ProductRecord, version: int | None = None
) -> None:
    """Append a change of one published product."""
    shares = list_live_shares(conn, account_id, [product.id], now_ms())
    changes: dict[str, list[Change]] = defaultdict(list)
    _add(changes, _viewers(shares, product.id, product.category), type, product.id, version)
    append_all(conn, changes)


def _former_categories(
    conn: Connection, account_id: str, shares: Iterable[LiveShare], publications: Iterable[Publication]
) -> Mapping[str, str | None]:
    """The categories of the versions before, by product."""
    if all(share.type != "CATEGORY" for share in shares):
        return {}
    versions = {one.product.id: one.version for one in publications if one.version > 1}
    found = list_previous_contents(conn, account_id, versions)
    return {product_id: category_of(read_content(content)) for product_id, content in found.items()}


def _viewers(shares: Iterable[LiveShare], product_id: str, category: str | None) -> _Viewers:
    return {(share.viewer_id, share.connection_id) for share in shares if share.covers(product_id, category)}


def _add(
    changes: dict[str, list[Change]], viewers: _Viewers, type: ChangeType, product_id: str, version: int | None
) -> None:
    for viewer_id, connection_id in viewers:
        changes[viewer_id].append(Change(type, connection_id, product_id=product_id, version=version))
