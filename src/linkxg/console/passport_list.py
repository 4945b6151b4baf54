"""The part of a product's passport page that lists its passports: searched by batch or serial number, page by page."""

from contextlib import suppress
from typing import Any, NamedTuple

from linkxg.console.guard import PageRequest
from linkxg.errors import InvalidCursor
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.read.own_passports import list_product_passports

PAGE_SIZE = 50
_LONGEST = 100


class PassportList(NamedTuple):
    """One page; `following` is the cursor of the next one, None on the last."""

    found: list[Redacted]
    lot: str
    serial: str
    is_first_page: bool
    following: str | None

    @property
    def is_searchable(self) -> bool:
        """Whether there is more than one page shows, or was before a search."""
        return bool(self.lot or self.serial or self.following or not self.is_first_page)


async def list_passports_of_product(page: PageRequest, product_id: str) -> PassportList:
    """As the query of the page asks for: `lot`, `serial` and `after`; an invalid cursor leads to the first page."""
    lot, serial = (page.query.text(name).strip()[:_LONGEST] for name in ("lot", "serial"))
    wanted = {"lot": lot or None, "serial": serial or None}
    filters = {"list": "console passports", "account": page.account_id, "product": product_id, **wanted}
    cursors, cursor = page.services.cursors, page.query.text("after")
    after: Any = None
    with suppress(InvalidCursor):
        after = tuple(cursors.open(cursor, filters)) if cursor else None
    listed = await list_product_passports(page.database, page.account_id, product_id, PAGE_SIZE, **wanted, after=after)
    last = listed.found[-1].passport if listed.has_more else None
    following = cursors.seal([last.gtin14, last.lot, last.serial], filters) if last else None
    return PassportList(listed.found, lot, serial, after is None, following)
