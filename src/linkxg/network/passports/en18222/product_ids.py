"""Finds passports by product identifiers: Digital Links of this service, and any Digital Link of own products."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection

from linkxg.catalog.identifiers.digital_link import read_digital_link
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.identity.accounts.slug import is_slug
from linkxg.identity.accounts.slug_store import find_account_by_slug
from linkxg.network.passports.resolver.store import list_candidates


class _Wanted(NamedTuple):
    gtin14: str
    lot: str
    serial: str


def find_passport_ids(
    conn: Connection, public_url: str, viewer_id: str | None, product_ids: Sequence[str]
) -> list[str | None]:
    """The id of the passport of exactly the model, batch or item that each names, in their order; None without one."""
    accounts: dict[str, str | None] = {}
    found: list[str | None] = []
    for text in product_ids:
        wanted = _read(text)
        account_id = viewer_id
        if wanted is not None and (slug := _slug_of(text, public_url)):
            if slug not in accounts:
                accounts[slug] = find_account_by_slug(conn, slug)
            account_id = accounts[slug]
        if wanted is None or account_id is None:
            found.append(None)
        else:
            ids = list_candidates(conn, account_id, *wanted)
            found.append(ids.get((wanted.lot, wanted.serial)))
    return found


def _read(text: str) -> _Wanted | None:
    try:
        link = read_digital_link(text)
    except NotAnIdentifier:
        return None
    if link.key.ai != "01" or {name for name, _ in link.qualifiers} - {"10", "21"}:
        return None
    return _Wanted(link.value, link.get("10") or "", link.get("21") or "")


def _slug_of(text: str, public_url: str) -> str | None:
    """The account that a Digital Link of this service names."""
    if not text.startswith(f"{public_url}/"):
        return None
    first = urlsplit(text).path.split("/")[1]
    return first if is_slug(first) else None
