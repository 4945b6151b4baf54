"""Resolves a Digital Link to a passport of the account in it: of the item, else of the batch, else of the model."""

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.identity.accounts.slug import is_slug
from linkxg.identity.accounts.slug_store import find_account_by_slug
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.read.read_passport import NEWEST, find_redacted
from linkxg.network.passports.resolver import store
from linkxg.network.passports.resolver.digital_link_path import RequestedLink
from linkxg.network.passports.resolver.linkset import LinkLevel


async def resolve(database: Database, public_url: str, slug: str, link: RequestedLink) -> list[LinkLevel]:
    """The requested address and those above it, each with its passport. Raises NotFound for an unknown GTIN."""
    found = await database.read(_find, slug, link) if is_slug(slug) else []
    if not found:
        raise NotFound
    return [LinkLevel(public_url + path, passport) for path, passport in found]


def _find(conn: Connection, slug: str, link: RequestedLink) -> list[tuple[str, Redacted]]:
    # Also by a former slug: what is printed stays valid.
    account_id = find_account_by_slug(conn, slug)
    if account_id is None:
        return []
    ids = store.list_candidates(conn, account_id, link.gtin14, link.lot, link.serial)
    read: dict[str, Redacted | None] = {}
    levels = []
    for path in link.levels:
        passport_id = next((ids[one] for one in _identities(link, path) if one in ids), None)
        if passport_id is None:
            return []
        if passport_id not in read:
            read[passport_id] = find_redacted(conn, passport_id, None, NEWEST)
        if (passport := read[passport_id]) is not None:
            levels.append((path, passport))
    return levels


def _identities(link: RequestedLink, path: str) -> list[tuple[str, str]]:
    """(lot, serial) at this level, from the most particular one up. A serial may be that of an item without a lot."""
    names = path.split("/")[2::2]
    lot = link.lot if "10" in names else ""
    serial = link.serial if "21" in names else ""
    return [(lot, serial), ("", serial), (lot, ""), ("", "")]
