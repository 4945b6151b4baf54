"""Appends what happens to a product to the feeds of those who see it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from linkxg.catalog.products.content import category_of, read_content
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.publication import Publication
from linkxg.catalog.products.share_model import ALL_PRODUCTS, OF_CATEGORY, LiveShare
from linkxg.catalog.products.share_store import list_live_shares
from linkxg.catalog.products.versions.store import list_previous_contents
from linkxg.clock import now_ms
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change, ChangeType
from linkxg.network.feed.visibility_lock import lock_visibility

_Viewers = set[tuple[str, str]]
"""(viewer, connection)"""


class _ViewersBySubject:
    """The viewers of shares. Whose products are shared in thousands of ways still publishes thousands at once."""

    def __init__(self, shares: Iterable[LiveShare]) -> None:
        self._found: dict[str, _Viewers] = defaultdict(set)
        for share in shares:
            self._found[share.subject].add((share.viewer_id, share.connection_id))

    def of(self, product_id: str, category: str | None) -> _Viewers:
        """Who sees this product, with this category of its published content."""
        of_category = () if category is None else (OF_CATEGORY + category,)
        return set().union(*(self._found.get(subject, ()) for subject in (ALL_PRODUCTS, product_id, *of_category)))


def product_published(conn: Connection, publications: Sequence[Publication]) -> None:
    """A publish hook. A viewer who saw the category of the version before, and not the new one, loses the product.

    The audit chain is locked before hooks are called, which is `lock_visibility`.
    """
    account_id = publications[0].account_id
    shares = list_live_shares(conn, account_id, [one.product.id for one in publications], now_ms())
    if not shares:
        return
    former = _former_categories(conn, account_id, shares, publications)
    viewers_by_subject = _ViewersBySubject(shares)
    changes: dict[str, list[Change]] = defaultdict(list)
    for one in publications:
        product = one.product
        viewers = viewers_by_subject.of(product.id, product.category)
        published: ChangeType = "PRODUCT_PUBLISHED" if one.version == 1 else "PRODUCT_UPDATED"
        _add(changes, viewers, published, product.id, one.version)
        if product.id in former:
            lost = viewers_by_subject.of(product.id, former[product.id]) - viewers
            _add(changes, lost, "SHARE_REMOVED", product.id, None)
    append_all(conn, changes)


def product_changed(
    conn: Connection, account_id: str, type: ChangeType, product: ProductRecord, version: int | None = None
) -> None:
    """A hook for states. Only viewers of all versions learn of a change of an earlier version."""
    lock_visibility(conn, account_id)
    shares = list_live_shares(conn, account_id, [product.id], now_ms())
    if version not in (None, product.latest_version):
        shares = [share for share in shares if share.shows_all_versions]
    changes: dict[str, list[Change]] = defaultdict(list)
    _add(changes, _ViewersBySubject(shares).of(product.id, product.category), type, product.id, version)
    append_all(conn, changes)


def _former_categories(
    conn: Connection, account_id: str, shares: Iterable[LiveShare], publications: Iterable[Publication]
) -> Mapping[str, str | None]:
    """The categories of the versions before, by product."""
    if not any(share.subject.startswith(OF_CATEGORY) for share in shares):
        return {}
    versions = {one.product.id: one.version for one in publications if one.version > 1}
    found = list_previous_contents(conn, account_id, versions)
    return {product_id: category_of(read_content(content)) for product_id, content in found.items()}


def _add(
    changes: dict[str, list[Change]], viewers: _Viewers, type: ChangeType, product_id: str, version: int | None
) -> None:
    for viewer_id, connection_id in viewers:
        changes[viewer_id].append(Change(type, connection_id, product_id=product_id, version=version))
