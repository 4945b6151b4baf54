"""Grants access to a passport by a link that ends: with a request of somebody, or without. Revokes it, too."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.secrets import PASSPORT_ACCESS, derive, digest, new_secret
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, RecordedId, Request, as_recorded, new_salt
from linkxg.db.schema import AnyRow
from linkxg.errors import InvalidState, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid, uuid7
from linkxg.network.check_fields import MAX_TEXT, check_reason, check_text, one_of
from linkxg.network.passports.access import store
from linkxg.network.passports.access.model import (
    GRANTED_ROLES,
    MAX_CONTACT,
    MAX_LIFETIME_MS,
    AccessRequest,
    ApproveAccess,
    GrantAccess,
    GrantTerms,
    PassportGrant,
    PassportGrantWithLink,
)
from linkxg.network.passports.access.views import grant_members, view_grant, view_request
from linkxg.network.passports.documents.model import Roles
from linkxg.network.passports.issue.store import find_passport
from linkxg.network.shares.check_share import check_expiry

GRANTS = Budget("passport-grants", 300, 3_600)


class AccessServices(NamedTuple):
    database: Database
    server_key: bytes
    public_url: str


async def grant_access(
    services: AccessServices, actor: Actor, account_id: str, passport_id: str, given: GrantAccess, key: str | None
) -> IdempotentOutcome[PassportGrantWithLink]:
    """Raises ValidationFailed, NotFound or IdempotencyKeyReused."""
    faults: list[FieldFault] = []
    roles = _roles(given.roles, faults)
    for field, longest in (("purpose", MAX_TEXT), ("recipient", MAX_CONTACT)):
        text: str = getattr(given, field)
        check_text(field, text, faults, longest)
        if not text.strip():
            faults.append(fault(field, "This must not be empty.", "required"))
    terms = GrantTerms(
        passport_id, roles, given.purpose, given.recipient, _expiry(given.expires_at, faults), given.single_use,
        given.includes_below,
    )  # fmt: skip
    if not is_uuid(passport_id):
        raise NotFound

    def make(conn: Connection, token: str) -> AnyRow | PublicError:
        if find_passport(conn, account_id, passport_id) is None:
            return NotFound()
        return _insert(conn, actor, account_id, terms, token, uuid7())

    return await _with_link(services, actor, Request(account_id, "POST /dpp/{id}/grants", key, [actor.id, given]), make)


async def approve_access(
    services: AccessServices, actor: Actor, account_id: str, request_id: str, given: ApproveAccess, key: str | None
) -> IdempotentOutcome[PassportGrantWithLink]:
    """Raises ValidationFailed, NotFound, InvalidState if it is decided already, or IdempotencyKeyReused."""
    faults: list[FieldFault] = []
    roles = None if given.roles is None else _roles(given.roles, faults)
    expires_at = _expiry(given.expires_at, faults)
    if not is_uuid(request_id):
        raise NotFound

    def make(conn: Connection, token: str) -> AnyRow | PublicError:
        row = store.find_request(conn, account_id, request_id)
        if row is None:
            return NotFound()
        terms = GrantTerms(
            row.passport_id, roles or frozenset({row.role}), row.purpose, row.contact, expires_at, given.single_use,
            given.includes_below,
        )  # fmt: skip
        grant_id = uuid7()
        # First, as of concurrent decisions one wins: no other one leaves a grant.
        if not store.decide(conn, account_id, request_id, status="APPROVED", decided_at=now_ms(), grant_id=grant_id):
            return _decided()
        return _insert(conn, actor, account_id, terms, token, grant_id)

    route = f"POST /dpp/access-requests/{request_id}/approve"
    return await _with_link(services, actor, Request(account_id, route, key, [actor.id, given]), make)


async def decline_access(
    database: Database, actor: Actor, account_id: str, request_id: str, reason: str | None, key: str | None
) -> IdempotentOutcome[AccessRequest]:
    """Raises ValidationFailed, NotFound, InvalidState or IdempotencyKeyReused."""
    check_reason(reason)
    if not is_uuid(request_id):
        raise NotFound

    def make(conn: Connection) -> AccessRequest | PublicError:
        if store.find_request(conn, account_id, request_id) is None:
            return NotFound()
        if not store.decide(conn, account_id, request_id, status="DECLINED", decided_at=now_ms(), reason=reason):
            return _decided()
        audit.record(conn, account_id, actor, "passport_access.declined", request_id, {"reason": reason})
        declined = store.find_request(conn, account_id, request_id)
        return NotFound() if declined is None else view_request(declined)

    request = Request(account_id, f"POST /dpp/access-requests/{request_id}/decline", key, [actor.id, reason])
    return await write_once(database, actor, request, make, as_recorded(AccessRequest))


async def revoke_access(
    database: Database, actor: Actor, account_id: str, grant_id: str, key: str | None
) -> IdempotentOutcome[PassportGrant]:
    """Raises NotFound, InvalidState or IdempotencyKeyReused."""
    if not is_uuid(grant_id):
        raise NotFound

    def make(conn: Connection) -> PassportGrant | PublicError:
        if store.find_grant(conn, account_id, grant_id) is None:
            return NotFound()
        if not end_grant(conn, actor, account_id, grant_id):
            return InvalidState("This access is revoked already.")
        revoked = store.find_grant(conn, account_id, grant_id)
        return NotFound() if revoked is None else view_grant(revoked)

    request = Request(account_id, f"POST /dpp/grants/{grant_id}/revoke", key, [actor.id])
    return await write_once(database, actor, request, make, as_recorded(PassportGrant))


def end_grant(conn: Connection, actor: Actor, account_id: str, grant_id: str) -> bool:
    """Inside a unit of work: false if the grant is revoked already."""
    if not store.revoke_grant(conn, account_id, grant_id, now_ms()):
        return False
    audit.record(conn, account_id, actor, "passport_access.revoked", grant_id, {})
    return True


def _roles(given: list[str], faults: list[FieldFault]) -> Roles:
    if not given:
        faults.append(fault("roles", "Name at least one role.", "required"))
    return frozenset(one_of("roles", role, GRANTED_ROLES, faults) for role in given)


def _expiry(given: str, faults: list[FieldFault]) -> int:
    """Raises ValidationFailed, with the faults that there are already."""
    now = now_ms()
    expires_at = check_expiry(given, now, faults)
    if expires_at is not None and expires_at > now + MAX_LIFETIME_MS:
        faults.append(fault("expiresAt", "Access ends after at most 366 days."))
    if faults or expires_at is None:
        raise ValidationFailed(details=faults)
    return expires_at


def _decided() -> InvalidState:
    return InvalidState("This request is decided already.")


def _insert(conn: Connection, actor: Actor, account_id: str, terms: GrantTerms, token: str, grant_id: str) -> AnyRow:
    roles = " ".join(sorted(terms.roles))
    store.insert_grant(
        conn, account_id, id=grant_id, passport_id=terms.passport_id, roles=roles, purpose=terms.purpose,
        recipient=terms.recipient, single_use=terms.single_use, token_digest=digest(token), created_at=now_ms(),
        expires_at=terms.expires_at, includes_below=terms.includes_below,
    )  # fmt: skip
    details = {
        "passport": terms.passport_id, "roles": roles, "single_use": terms.single_use,
        "includes_below": terms.includes_below,
    }  # fmt: skip
    audit.record(conn, account_id, actor, "passport_access.granted", grant_id, details)
    row = store.find_grant(conn, account_id, grant_id)
    assert row is not None
    return row


async def _with_link(
    services: AccessServices,
    actor: Actor,
    request: Request,
    insert: Callable[[Connection, str], AnyRow | PublicError],
) -> IdempotentOutcome[PassportGrantWithLink]:
    """The grant with its link, which a replay shows again (decision 0008)."""
    salt = new_salt()

    def shown(row: AnyRow, token: str) -> PassportGrantWithLink:
        return PassportGrantWithLink(**grant_members(row), link=f"{services.public_url}/dpp/access/{token}")

    def token_of(salt: bytes) -> str:
        return new_secret(PASSPORT_ACCESS, derive(services.server_key, "passport access", *request.salted(salt)))

    def make(conn: Connection) -> PassportGrantWithLink | PublicError:
        token = token_of(salt)
        row = insert(conn, token)
        return row if isinstance(row, PublicError) else shown(row, token)

    def recall(conn: Connection, recorded: Recorded) -> PassportGrantWithLink | PublicError:
        row = store.find_grant(conn, request.account_id, recorded.read(RecordedId).id)
        return NotFound() if row is None else shown(row, token_of(recorded.salt))

    return await write_once(
        services.database, actor, request, make, recall, record=lambda made: RecordedId(made.id), salt=salt
    )
