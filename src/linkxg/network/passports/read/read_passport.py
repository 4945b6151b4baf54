"""Reads passports and their versions, redacted for their viewer."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import InvalidRequest, NotFound
from linkxg.ids import is_uuid
from linkxg.network.passports.documents.build_document import build_document
from linkxg.network.passports.documents.model import PUBLIC, Redacted
from linkxg.network.passports.documents.redaction import redact
from linkxg.network.passports.read import store
from linkxg.network.passports.read.store import Edition, Identity, PassportFilter
from linkxg.network.passports.read.viewer_roles import roles_of

NEWEST = Edition()


class PassportPage(NamedTuple):
    found: list[Redacted]
    has_more: bool


async def read_passport(
    database: Database, passport_id: str, viewer_id: str | None, edition: Edition = NEWEST
) -> Redacted:
    """Raises NotFound, also for an invalid id and for a version that there is not, or was not yet."""
    if not is_uuid(passport_id):
        raise NotFound
    found = await database.read(find_redacted, passport_id, viewer_id, edition)
    if found is None:
        raise NotFound
    return found


def find_redacted(conn: Connection, passport_id: str, viewer_id: str | None, edition: Edition) -> Redacted | None:
    stored = store.find_stored_passport(conn, passport_id, edition)
    if stored is None:
        return None
    newest = None if edition == NEWEST else store.find_stored_passport(conn, passport_id, NEWEST)
    return redact(build_document(stored, newest), *roles_of(conn, stored, viewer_id))


async def list_versions_of(database: Database, passport_id: str, *, before: int | None, limit: int) -> PassportPage:
    """The versions, newest first, without fields: everybody may know that there are some. Raises NotFound."""
    if not is_uuid(passport_id):
        raise NotFound
    found = await database.read(store.list_passport_versions, passport_id, before=before, limit=limit + 1)
    if not found and before is None:
        raise NotFound
    shown = [redact(build_document(stored), PUBLIC) for stored in found[:limit]]
    return PassportPage(shown, len(found) > limit)


async def list_own_passports(
    database: Database, account_id: str, wanted: PassportFilter, *, after: Identity | None, limit: int
) -> PassportPage:
    """The passports of the account without their fields, by GTIN, lot and serial."""
    found = await database.read(store.list_passports, account_id, wanted, after=after, limit=limit + 1)
    return PassportPage([redact(build_document(one), PUBLIC) for one in found[:limit]], len(found) > limit)


async def list_partner_passports(
    database: Database, viewer_id: str, wanted: PassportFilter, *, after: Identity | None, limit: int
) -> PassportPage:
    """The passports of a product of a partner, if the viewer has a role in them. Raises InvalidRequest."""
    if wanted.product_id is None:
        raise InvalidRequest("Passports of partners are listed by product: the parameter productId is required.")
    found = await database.read(store.list_shared_passports, viewer_id, wanted, now_ms(), after=after, limit=limit + 1)
    return PassportPage([redact(build_document(one), PUBLIC) for one in found[:limit]], len(found) > limit)
