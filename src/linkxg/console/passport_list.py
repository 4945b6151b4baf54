"""The part of a product's passport page that lists its passports: searched by batch or serial number, page by page."""

from typing import NamedTuple

from linkxg.console.guard import PageRequest
from linkxg.errors import InvalidCursor
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.read.read_passport import list_own_passports
from linkxg.network.passports.read.store import PassportFilter

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
    wanted = PassportFilter(product_id, lot=lot or None, serial=serial or None)
    cursors, filters = (
        page.services.cursors,
        {"list": "console passports", "account": page.account_id, **wanted._asdict()},
    )
    try:
        after = tuple(cursors.open(page.query.text("after"), filters)) if page.query.text("after") else None
    except InvalidCursor:
        after = None
    listed = await list_own_passports(page.database, page.account_id, wanted, after=after, limit=PAGE_SIZE)
    last = listed.found[-1].passport if listed.has_more else None
    following = cursors.seal([last.gtin14, last.lot, last.serial], filters) if last else None
    return PassportList(listed.found, lot, serial, after is None, following)
