"""Opens a passport by the link of a grant; a link for a single use opens it once.

Reading what a link offers does not use it up, because programs that check links in mails do so.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms, rfc3339
from linkxg.crypto.secrets import PASSPORT_ACCESS, digest, is_well_formed
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.network.passports.access import store
from linkxg.network.passports.access.model import OfferedAccess
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.build_document import build_document
from linkxg.network.passports.documents.model import PUBLIC, PassportRecord, Redacted
from linkxg.network.passports.documents.redaction import redact
from linkxg.network.passports.issue.store import find_passport, find_product_at, list_identities
from linkxg.network.passports.read.read_passport import NEWEST
from linkxg.network.passports.read.store import find_stored_passport


class WantedUnit(NamedTuple):
    """A batch or an item, as its data carrier names it; empty for the passport of the grant itself."""

    lot: str = ""
    serial: str = ""


GRANTED_ITSELF = WantedUnit()


async def read_link(
    database: Database, addresses: Addresses, token: str, unit: WantedUnit = GRANTED_ITSELF
) -> OfferedAccess:
    """Raises NotFound, whether the link is unknown, used, expired or revoked, or does not include the unit."""
    token_digest = _digest(token)

    def look(conn: Connection) -> tuple[AnyRow, PassportRecord] | None:
        row = store.find_open_grant(conn, token_digest, now_ms())
        chosen = None if row is None else _choose(conn, row, unit)
        return None if row is None or chosen is None else (row, chosen)

    found = await database.read(look)
    if found is None:
        raise NotFound
    row, chosen = found
    return OfferedAccess(
        addresses.passport(chosen.id), row.roles.split(" "), row.purpose, rfc3339(row.expires_at), row.single_use,
        row.includes_below,
    )  # fmt: skip


async def open_link(database: Database, token: str, unit: WantedUnit = GRANTED_ITSELF) -> Redacted:
    """The passport in the roles of the grant, whose use is recorded in the same transaction. Raises NotFound."""
    token_digest = _digest(token)

    def use(conn: Connection) -> Redacted | None:
        now = now_ms()
        # What opens nothing does not use the link up.
        offered = store.find_open_grant(conn, token_digest, now)
        chosen = None if offered is None else _choose(conn, offered, unit)
        stored = None if chosen is None else find_stored_passport(conn, chosen.id, NEWEST)
        row = None if stored is None else store.use_grant(conn, token_digest, now)
        if row is None or stored is None:
            return None
        store.insert_access(conn, row.account_id, row.id, stored.passport.id, stored.version.version, now)
        return redact(build_document(stored), PUBLIC | frozenset(row.roles.split(" ")))

    found = await database.write(use)
    if found is None:
        raise NotFound
    return found


def _choose(conn: Connection, grant: AnyRow, unit: WantedUnit) -> PassportRecord | None:
    """The passport of the grant, or the unit of it; None for what the grant does not include.

    A grant is for one product: after another one has taken its GTIN over, it opens nothing of that.
    """
    chosen = _find(conn, grant, unit)
    if chosen is None:
        return None
    granted_product = find_product_at(conn, grant.account_id, grant.passport_id, grant.created_at)
    return chosen if chosen.product_id == granted_product else None


def _find(conn: Connection, grant: AnyRow, unit: WantedUnit) -> PassportRecord | None:
    granted = find_passport(conn, grant.account_id, grant.passport_id)
    if granted is None or unit == GRANTED_ITSELF:
        return granted
    wanted = WantedUnit(unit.lot or granted.lot, unit.serial or granted.serial)
    # Nothing is below an item: one that has the same serial in a lot is another one.
    is_below = not granted.serial and granted.lot in ("", wanted.lot)
    if wanted != (granted.lot, granted.serial) and not (grant.includes_below and is_below):
        return None
    identity = (wanted.lot, wanted.serial)
    found = list_identities(conn, grant.account_id, granted.gtin14, [identity]).get(identity)
    return None if found is None else found[0]


def _digest(token: str) -> bytes:
    """The digest under which a token is stored. Raises NotFound for what is not a token."""
    if not is_well_formed(token, PASSPORT_ACCESS):
        raise NotFound
    return digest(token)
