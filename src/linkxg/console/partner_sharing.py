"""What the page of a partner says about sharing: what is shared with them, and what they read."""

from collections.abc import Iterable
from typing import NamedTuple

from linkxg.catalog.products.read_product import read_skus
from linkxg.console.guard import PageRequest
from linkxg.network.access_log.model import ReadCount
from linkxg.network.access_log.read_log import read_access_log
from linkxg.network.connections.model import ConnectionView
from linkxg.network.shares.model import Share
from linkxg.network.shares.read_shares import list_shares

SHOWN_SHARES = 10
SHOWN_READS = 20


class PartnerSharing(NamedTuple):
    """A page of shares and the newest reads; `skus` are those of their products, by id."""

    shares: list[Share]
    begun: str | None
    older: str | None
    reads: list[ReadCount]
    more_reads: bool
    skus: dict[str, str]


async def read_sharing(page: PageRequest, connection: ConnectionView) -> PartnerSharing | None:
    """None unless the two are or were connected."""
    if connection.responded_at is None or connection.status not in ("ACTIVE", "REVOKED"):
        return None
    before = page.query.text("before") or None
    shares, more = await list_shares(
        page.database, page.account_id, connection.id, before=before, limit=SHOWN_SHARES
    )  # fmt: skip
    reads, further = await read_access_log(
        page.database, page.account_id, connection.id, before=None, limit=SHOWN_READS
    )
    skus = await skus_of(page, [*shares, *reads])
    return PartnerSharing(shares, before, shares[-1].id if more else None, reads, further is not None, skus)


async def skus_of(page: PageRequest, found: Iterable[Share | ReadCount]) -> dict[str, str]:
    """The SKUs of the products that these name, by id."""
    named = {one.product_id for one in found if one.product_id is not None}
    return await read_skus(page.database, page.viewer, named)
