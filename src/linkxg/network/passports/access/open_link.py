"""Opens a passport by the link of a grant; a link for a single use opens it once.

Looking at a link does not use it: programs that check links in mails do that.
"""

from sqlalchemy import Connection

from linkxg.clock import now_ms, rfc3339
from linkxg.crypto.secrets import PASSPORT_ACCESS, digest, is_well_formed
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.network.passports.access import store
from linkxg.network.passports.access.model import OfferedAccess
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.build_document import build_document
from linkxg.network.passports.documents.model import PUBLIC, Redacted
from linkxg.network.passports.documents.redaction import redact
from linkxg.network.passports.read.read_passport import NEWEST
from linkxg.network.passports.read.store import find_stored_passport


async def read_link(database: Database, addresses: Addresses, token: str) -> OfferedAccess:
    """Raises NotFound, whether the link is unknown, used, expired or revoked."""
    token_digest = _digest(token)
    row = await database.read(store.find_open_grant, token_digest, now_ms())
    if row is None:
        raise NotFound
    address = addresses.passport(row.passport_id)
    return OfferedAccess(address, row.roles.split(" "), row.purpose, rfc3339(row.expires_at), row.single_use)


async def open_link(database: Database, token: str) -> Redacted:
    """The passport in the roles of the grant, whose use is recorded in the same transaction. Raises NotFound."""
    token_digest = _digest(token)

    def unit(conn: Connection) -> Redacted | None:
        now = now_ms()
        row = store.use_grant(conn, token_digest, now)
        stored = None if row is None else find_stored_passport(conn, row.passport_id, NEWEST)
        if row is None or stored is None:
            return None
        store.insert_access(conn, row.account_id, row.id, stored.version.version, now)
        return redact(build_document(stored), PUBLIC | frozenset(row.roles.split(" ")))

    found = await database.write(unit)
    if found is None:
        raise NotFound
    return found


def _digest(token: str) -> bytes:
    """Raises NotFound for what is no token."""
    if not is_well_formed(token, PASSPORT_ACCESS):
        raise NotFound
    return digest(token)
