"""What everybody reads of an issuer: its DID document, and its status lists."""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.identity.accounts.slug import is_slug
from linkxg.identity.accounts.slug_store import find_account_by_slug
from linkxg.identity.accounts.store import find_account
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.signing import store
from linkxg.network.passports.signing.did_document import did_document
from linkxg.network.passports.signing.issuer_keys import find_or_make_signing_key, view_key
from linkxg.network.passports.signing.sign_passport import sign_credential
from linkxg.network.passports.signing.status_list import status_list_credential

MAX_LIST = 2**31 - 1


class _FoundIssuer(NamedTuple):
    account_id: str
    gln: str | None
    keys: list[AnyRow]


def _find(conn: Connection, slug: str) -> _FoundIssuer | None:
    """An account with passports: others are no issuers, and their names are not confirmed."""
    account_id = find_account_by_slug(conn, slug)
    if account_id is None or not store.has_passports(conn, account_id):
        return None
    account = find_account(conn, account_id)
    assert account is not None
    return _FoundIssuer(account_id, account.gln, store.list_keys(conn, account_id))


async def read_did_document(database: Database, addresses: Addresses, server_key: bytes, slug: str) -> dict[str, Any]:
    """The first key is made if there is none yet. Raises NotFound for a slug of no issuer."""
    found = await database.read(_find, slug) if is_slug(slug) else None
    if found is None:
        raise NotFound
    keys = found.keys
    if not keys:
        await find_or_make_signing_key(database, server_key, found.account_id)
        keys = await database.read_single(store.list_keys, found.account_id)
    return did_document(addresses.did(slug), [view_key(row) for row in keys], found.gln)


async def read_status_list(database: Database, addresses: Addresses, server_key: bytes, slug: str, number: int) -> str:
    """The signed status list. Raises NotFound for a slug of no issuer, and a list that it has not begun."""

    def unit(conn: Connection) -> tuple[str, list[int]] | None:
        account_id = find_account_by_slug(conn, slug)
        revoked = None if account_id is None else store.list_revoked(conn, account_id, number)
        return None if account_id is None or revoked is None else (account_id, revoked)

    found = await database.read(unit) if is_slug(slug) and 0 < number <= MAX_LIST else None
    if found is None:
        raise NotFound
    account_id, revoked = found
    key = await find_or_make_signing_key(database, server_key, account_id)
    address = addresses.status_list(slug, number)
    return sign_credential(key, status_list_credential(address, addresses.did(slug), revoked, now_ms()))
