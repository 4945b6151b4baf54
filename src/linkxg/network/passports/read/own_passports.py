"""The passports of a product as their owner reads them: listed, previewed, and compared by role."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.network.passports.documents.build_document import build_document
from linkxg.network.passports.documents.model import PUBLIC, PassportRole, Redacted, Roles
from linkxg.network.passports.documents.redaction import redact
from linkxg.network.passports.read import store
from linkxg.network.passports.read.read_passport import NEWEST, PassportPage, list_own_passports
from linkxg.network.passports.read.store import Identity, PassportFilter
from linkxg.network.passports.read.viewer_roles import roles_of

_GTINS = 50
"""Former GTINs of a product, and the present one."""
COMPARED: tuple[PassportRole, ...] = ("public", "legitimateInterest", "authority")


class SeenField(NamedTuple):
    """A field, and whether each role of COMPARED sees it."""

    name: str
    seen: tuple[bool, ...]


async def list_product_passports(
    database: Database,
    account_id: str,
    product_id: str,
    limit: int,
    *,
    lot: str | None = None,
    serial: str | None = None,
    after: Identity | None = None,
) -> PassportPage:
    """The passports of the model, and of batches and items, without fields; only of this lot or serial, if given."""
    wanted = PassportFilter(product_id, lot=lot, serial=serial)
    return await list_own_passports(database, account_id, wanted, after=after, limit=limit)


async def find_product_passport(
    database: Database, account_id: str, product_id: str, lot: str = "", serial: str = ""
) -> Redacted | None:
    """The passport of a batch or an item of a product, without either of its model, without fields.

    Under the present GTIN: a former one has a passport that names its successor.
    """
    wanted = PassportFilter(product_id, lot=lot, serial=serial)
    found = (await list_own_passports(database, account_id, wanted, after=None, limit=_GTINS)).found
    return next((one for one in found if one.passport.successor_id is None), found[0] if found else None)


async def preview_passport(
    database: Database, account_id: str, passport_id: str, roles: Roles, partner_id: str | None = None
) -> Redacted:
    """A passport of the account as readers in these roles see it, or as a partner does. Raises NotFound."""

    def unit(conn: Connection) -> Redacted | None:
        stored = store.find_stored_passport(conn, passport_id, NEWEST)
        if stored is None or stored.passport.account_id != account_id:
            return None
        seen = roles if partner_id is None else roles_of(conn, stored, partner_id).roles
        return redact(build_document(stored), seen)

    found = await database.read(unit)
    if found is None:
        raise NotFound
    return found


async def compare_roles(database: Database, account_id: str, passport_id: str) -> list[SeenField]:
    """The fields of a passport of the account with who sees them; empty for any other passport."""
    return await database.read(_compare, account_id, passport_id)


def _compare(conn: Connection, account_id: str, passport_id: str) -> list[SeenField]:
    stored = store.find_stored_passport(conn, passport_id, NEWEST)
    if stored is None or stored.passport.account_id != account_id:
        return []
    document = build_document(stored)
    views = [redact(document, PUBLIC | {role}) for role in COMPARED]
    inner = dict.fromkeys(name for view in views for name in view.withheld if name not in document.fields)
    return [SeenField(name, tuple(_sees(view, name) for view in views)) for name in (*document.fields, *inner)]


def _sees(view: Redacted, name: str) -> bool:
    """Whether a view has the field: neither it, nor the list or the attributes that it is in, is withheld."""
    whole = name.partition(".")[0].partition("[")[0]
    return name not in view.withheld and whole not in view.withheld
