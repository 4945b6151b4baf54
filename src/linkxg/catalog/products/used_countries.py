"""The countries in an account's most recently changed products, the most frequent first."""

from collections import Counter

import msgspec

from linkxg.catalog.products.versions.store import list_newest_contents
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database

RECENT_PRODUCTS = 20


class _Place(msgspec.Struct):
    country: str | None = None


class _Countries(msgspec.Struct, rename="camel"):
    facility: _Place | None = None
    country_of_production: str | None = None


_read = msgspec.json.Decoder(_Countries).decode


async def used_countries(database: Database, viewer: Viewer) -> list[str]:
    """The codes of countries of production and of facilities."""
    contents = await database.read_single(list_newest_contents, viewer.account_id, RECENT_PRODUCTS)
    found: Counter[str] = Counter()
    for content in map(_read, contents):
        facility = content.facility.country if content.facility else None
        found.update(code for code in (content.country_of_production, facility) if code)
    return [code for code, _ in found.most_common()]
