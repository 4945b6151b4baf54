"""The categories that an account's products are in."""

import difflib
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.catalog.products.store import has_category, list_categories
from linkxg.catalog.products.versions.store import find_content_in_category
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database

COMPARED = 1_000
"""Categories that a mistyped one is compared with."""
SUGGESTED = 3


class UsedCategory(NamedTuple):
    """`name` is empty if the newest product of the category does not name it."""

    code: str
    name: str


class _Category(msgspec.Struct):
    code: str = ""
    name: str | None = None


class _Content(msgspec.Struct):
    category: _Category | None = None


_read = msgspec.json.Decoder(_Content).decode


async def used_categories(database: Database, viewer: Viewer, limit: int) -> list[str]:
    """Their codes, in order."""
    return await database.read(list_categories, viewer.account_id, limit)


async def similar_categories(database: Database, viewer: Viewer, code: str) -> list[UsedCategory] | None:
    """The categories with the most similar codes, the best first; None if a product is in this one."""

    def unit(conn: Connection) -> list[UsedCategory] | None:
        if has_category(conn, viewer.account_id, code):
            return None
        codes = list_categories(conn, viewer.account_id, COMPARED)
        similar = difflib.get_close_matches(code, codes, SUGGESTED)
        return [UsedCategory(one, _name_of(conn, viewer.account_id, one)) for one in similar]

    return await database.read(unit)


def _name_of(conn: Connection, account_id: str, code: str) -> str:
    content = find_content_in_category(conn, account_id, code)
    category = _read(content).category if content else None
    return category.name or "" if category and category.code == code else ""
