"""Resolves a Digital Link: to the passport of the item, else of the batch, else of the model; a GLN to its company."""

from collections.abc import Callable

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.identity.accounts.slug import is_slug
from linkxg.identity.accounts.slug_store import find_account_by_slug
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.read.read_passport import NEWEST, find_redacted
from linkxg.network.passports.resolver import store
from linkxg.network.passports.resolver.linkset import LinkLevel, PageOfPublishers, party_level, passport_level
from linkxg.network.passports.resolver.requested_link import RequestedLink

GTIN, PARTIES = "01", ("414", "417")
RESOLVED = (GTIN, *PARTIES)
PUBLISHERS_PER_PAGE = 20
_Find = Callable[[Connection, str, RequestedLink, Addresses], list[LinkLevel]]


async def resolve(database: Database, addresses: Addresses, slug: str, link: RequestedLink) -> list[LinkLevel]:
    """The requested address and those above it, within the account. Raises NotFound for what it does not have."""
    ai = link.identifier.key.ai
    if ai not in RESOLVED:
        raise NotFound(f"This resolver resolves GTINs (01) and the GLN of a company (414, 417), not ({ai}).")
    find: _Find = _find_passports if ai == GTIN else _find_party

    def unit(conn: Connection) -> list[LinkLevel]:
        # Also by a former slug: what is printed stays valid.
        account_id = find_account_by_slug(conn, slug)
        return [] if account_id is None else find(conn, account_id, link, addresses)

    if not is_slug(slug) or not (levels := await database.read(unit)):
        raise NotFound
    return levels


async def resolve_publishers(
    database: Database, addresses: Addresses, link: RequestedLink, page: int
) -> tuple[list[list[LinkLevel]], PageOfPublishers]:
    """The levels within each account that has the GTIN of a link without an account, page by page.

    Raises NotFound if none has it, or on a page after the last.
    """
    before = (page - 1) * PUBLISHERS_PER_PAGE

    def unit(conn: Connection) -> tuple[list[list[LinkLevel]], PageOfPublishers]:
        found, total = store.list_publishers(conn, link.identifier.value, offset=before, limit=PUBLISHERS_PER_PAGE)
        levels = [_find_passports(conn, account_id, link, addresses) for account_id in found]
        return levels, PageOfPublishers(page, before + 1, before + len(found), total)

    publishers, shown = await database.read(unit)
    if not publishers:
        raise NotFound
    return publishers, shown


def is_issuer(conn: Connection, slug: str) -> bool:
    """Whether links may have this slug: the names of accounts without passports are not confirmed."""
    account_id = find_account_by_slug(conn, slug) if is_slug(slug) else None
    return account_id is not None and store.has_passports(conn, account_id)


def _find_party(conn: Connection, account_id: str, link: RequestedLink, addresses: Addresses) -> list[LinkLevel]:
    issuer = store.find_issuer(conn, account_id, link.identifier.value)
    if issuer is None:
        return []
    name, slug = issuer
    return [party_level(addresses.public_url + path, name, addresses.did_document(slug)) for path in link.levels]


def _find_passports(conn: Connection, account_id: str, link: RequestedLink, addresses: Addresses) -> list[LinkLevel]:
    gtin14, lot, serial = link.identifier.value, link.lot, link.serial
    ids = store.list_candidates(conn, account_id, gtin14, lot, serial)
    if serial and not lot and ("", serial) not in ids:
        # A GTIN and a serial identify an item without its lot.
        item = store.find_only_item(conn, account_id, gtin14, serial)
        ids |= {("", serial): item} if item else {}
    read: dict[str, Redacted | None] = {}
    levels = []
    for path, names in _levels(link):
        passport_id = next((ids[one] for one in _identities(link, names) if one in ids), None)
        if passport_id is None:
            return []
        if passport_id not in read:
            read[passport_id] = find_redacted(conn, passport_id, None, NEWEST)
        if (passport := read[passport_id]) is not None:
            levels.append(passport_level(addresses.public_url + path, passport, addresses))
    return levels


def _levels(link: RequestedLink) -> list[tuple[str, list[str]]]:
    """The path of each level, with the qualifiers in it."""
    names = [name for name, _ in link.identifier.qualifiers]
    return [(path, names[: len(names) - above]) for above, path in enumerate(link.levels)]


def _identities(link: RequestedLink, names: list[str]) -> list[tuple[str, str]]:
    """(lot, serial) at this level, from the most particular one up. A serial may be that of an item without a lot."""
    lot = link.lot if "10" in names else ""
    serial = link.serial if "21" in names else ""
    return [(lot, serial), ("", serial), (lot, ""), ("", "")]
