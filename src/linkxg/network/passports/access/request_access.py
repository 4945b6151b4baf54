"""Asks the owner of a passport for what it withholds. Anybody may ask; the owner decides."""

import re

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.identity.accounts.names import is_name
from linkxg.identity.sessions.places import place_of
from linkxg.ids import is_uuid
from linkxg.network.check_fields import one_of
from linkxg.network.passports.access import store
from linkxg.network.passports.access.model import (
    GRANTED_ROLES,
    MAX_CONTACT,
    MAX_PENDING,
    MAX_PENDING_OF_NETWORK,
    MAX_PENDING_OF_PASSPORT,
    RequestAccess,
)

ACCESS_REQUESTS = Budget("passport-access-requests", 10, 3_600)
_ADDRESS = re.compile(r"https://[^\s\"<>\\^`{|}]+")


def check_request(given: RequestAccess) -> list[FieldFault]:
    """What is wrong with the fields, besides their lengths."""
    faults: list[FieldFault] = []
    one_of("role", given.role, GRANTED_ROLES, faults)
    if not given.purpose.strip():
        faults.append(fault("purpose", "This must not be empty.", "required"))
    if not is_name(given.contact, MAX_CONTACT):
        faults.append(fault("contact", "This must be one line of printable characters."))
    if given.evidence is not None and not _ADDRESS.fullmatch(given.evidence):
        faults.append(fault("evidence", "This must be an address that begins with https://."))
    return faults


async def request_access(database: Database, actor: Actor, passport_id: str, given: RequestAccess) -> None:
    """Raises ValidationFailed, NotFound, or Conflict if too many requests of this network wait."""
    if faults := check_request(given):
        raise ValidationFailed(details=faults)
    if not is_uuid(passport_id):
        raise NotFound

    network = place_of(actor.source, "").network

    def unit(conn: Connection) -> PublicError | None:
        account_id = store.find_owner(conn, passport_id)
        if account_id is None:
            return NotFound()
        # One at a time, so that they are counted exactly.
        lock_until_commit(conn, f"passport access requests {account_id}")
        pending = store.read_pending_counts(conn, account_id, passport_id, network)
        if pending.of_network >= MAX_PENDING_OF_NETWORK:
            return Conflict("Too many requests from your network wait for this company to decide; ask again later.")
        displaced = None
        if pending.of_passport >= MAX_PENDING_OF_PASSPORT:
            displaced = store.delete_displaced(conn, account_id, passport_id)
        elif pending.all >= MAX_PENDING:
            displaced = store.delete_displaced(conn, account_id)
        store.insert_request(
            conn, account_id, passport_id=passport_id, role=given.role, purpose=given.purpose, contact=given.contact,
            evidence=given.evidence, created_at=now_ms(), network=network,
        )  # fmt: skip
        details = {"role": given.role} | ({"displaced": displaced} if displaced else {})
        audit.record(conn, account_id, actor, "passport_access.requested", passport_id, details)
        return None

    value_or_raise(await database.write(unit))
