"""Requests about access to what passports withhold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from linkxg_client.call import Call, body, key, one, params, path
from linkxg_client.models.passport_access import AccessRequest, PassportAccess, PassportGrant, PassportRole
from linkxg_client.pages import PageCall, page_of

READ, WRITE = "dpp:read", "products:write"


def list_grants(passport_id: str | None = None, limit: int | None = None) -> PageCall[PassportGrant]:
    """The grants of the account, newest first."""
    asked = params(passport_id=passport_id, limit=limit)
    return lambda cursor: Call("GET", "/dpp/grants", READ, page_of(PassportGrant), asked | params(cursor=cursor))


def grant(
    passport_id: str,
    roles: Sequence[PassportRole],
    purpose: str,
    recipient: str,
    expires_at: datetime,
    *,
    single_use: bool | None = None,
    includes_below: bool | None = None,
    idempotency_key: str | None = None,
) -> Call[PassportGrant]:
    """Grant access by a link, which is in this answer alone."""
    made = body(roles=roles, purpose=purpose, recipient=recipient, expires_at=expires_at, single_use=single_use,
                includes_below=includes_below)  # fmt: skip
    address = path("dpp", passport_id, "grants")
    return Call("POST", address, WRITE, one(PassportGrant), headers=key(idempotency_key), json=made)


def revoke_grant(grant_id: str) -> Call[PassportGrant]:
    """End a grant."""
    return Call("POST", path("dpp", "grants", grant_id, "revoke"), WRITE, one(PassportGrant))


def list_accesses(grant_id: str, limit: int | None = None) -> PageCall[PassportAccess]:
    """The uses of a grant, newest first."""
    address = path("dpp", "grants", grant_id, "accesses")
    return lambda cursor: Call("GET", address, READ, page_of(PassportAccess), params(limit=limit, cursor=cursor))


def list_access_requests(
    status: Literal["PENDING", "APPROVED", "DECLINED"] | None = None, limit: int | None = None
) -> PageCall[AccessRequest]:
    """The requests for access to passports of the account, newest first."""
    asked = params(status=status, limit=limit)
    address = "/dpp/access-requests"
    return lambda cursor: Call("GET", address, READ, page_of(AccessRequest), asked | params(cursor=cursor))


def approve_access(
    request_id: str,
    expires_at: datetime,
    *,
    roles: Sequence[PassportRole] | None = None,
    single_use: bool | None = None,
    includes_below: bool | None = None,
) -> Call[PassportGrant]:
    """Approve a request. The answer has the link."""
    made = body(expires_at=expires_at, roles=roles, single_use=single_use, includes_below=includes_below)
    return Call("POST", path("dpp", "access-requests", request_id, "approve"), WRITE, one(PassportGrant), json=made)


def decline_access(request_id: str, reason: str | None = None) -> Call[AccessRequest]:
    """Decline a request."""
    address = path("dpp", "access-requests", request_id, "decline")
    return Call("POST", address, WRITE, one(AccessRequest), json=body(reason=reason))
