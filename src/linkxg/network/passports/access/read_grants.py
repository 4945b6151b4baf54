"""Requests for access, grants and their uses as their owner reads them, each with the passport that it is about."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.network.passports.access import store
from linkxg.network.passports.access.model import AccessRequest, AccessRequestStatus, PassportAccess, PassportGrant
from linkxg.network.passports.access.views import view_access, view_grant, view_request
from linkxg.network.passports.documents.model import PassportRecord


class RequestWithPassport(NamedTuple):
    request: AccessRequest
    passport: PassportRecord


class GrantWithPassport(NamedTuple):
    grant: PassportGrant
    passport: PassportRecord


class GrantUse(NamedTuple):
    """One use of a link; `passport` is None if the log has none, as before links could open several."""

    access: PassportAccess
    passport: PassportRecord | None


async def list_access_requests(
    database: Database,
    account_id: str,
    *,
    status: AccessRequestStatus | None,
    before: str | None,
    limit: int,
    product_id: str | None = None,
) -> tuple[list[RequestWithPassport], bool]:
    """Requests, newest first, and whether more follow; for the passports of one product, if it is given."""

    def unit(conn: Connection) -> list[RequestWithPassport]:
        rows = store.list_requests(
            conn, account_id, status=status, before=before, limit=limit + 1, product_id=product_id
        )
        named = store.find_passports(conn, account_id, [row.passport_id for row in rows])
        return [RequestWithPassport(view_request(row), named[row.passport_id]) for row in rows]

    found = await database.read(unit)
    return found[:limit], len(found) > limit


async def read_access_request(database: Database, account_id: str, request_id: str) -> RequestWithPassport:
    """Raises NotFound."""

    def unit(conn: Connection) -> RequestWithPassport | None:
        row = store.find_request(conn, account_id, request_id)
        if row is None:
            return None
        return RequestWithPassport(
            view_request(row), store.find_passports(conn, account_id, [row.passport_id])[row.passport_id]
        )

    found = await database.read(unit)
    if found is None:
        raise NotFound
    return found


async def list_grants(
    database: Database, account_id: str, *, before: str | None, limit: int, product_id: str | None = None
) -> tuple[list[GrantWithPassport], bool]:
    """Grants, newest first, and whether more follow; to the passports of one product, if it is given."""

    def unit(conn: Connection) -> list[GrantWithPassport]:
        rows = store.list_grants(conn, account_id, before=before, limit=limit + 1, product_id=product_id)
        named = store.find_passports(conn, account_id, [row.passport_id for row in rows])
        return [GrantWithPassport(view_grant(row), named[row.passport_id]) for row in rows]

    found = await database.read(unit)
    return found[:limit], len(found) > limit


async def read_grant(
    database: Database, account_id: str, grant_id: str, *, uses: int
) -> tuple[GrantWithPassport, list[GrantUse], bool]:
    """A grant, the newest `uses` of its link, and whether there are more. Raises NotFound."""

    def unit(conn: Connection) -> tuple[GrantWithPassport, list[GrantUse]] | None:
        row = store.find_grant(conn, account_id, grant_id)
        if row is None:
            return None
        used = store.list_accesses(conn, account_id, grant_id, before=None, limit=uses + 1)
        wanted = [row.passport_id, *(one.passport_id for one in used if one.passport_id is not None)]
        named = store.find_passports(conn, account_id, wanted)
        granted = GrantWithPassport(view_grant(row), named[row.passport_id])
        return granted, [GrantUse(view_access(one), named.get(one.passport_id)) for one in used]

    found = await database.read(unit)
    if found is None:
        raise NotFound
    granted, used = found
    return granted, used[:uses], len(used) > uses
