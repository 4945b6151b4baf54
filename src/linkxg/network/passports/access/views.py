"""Rows of requests, grants and uses as their owner sees them."""

from typing import Any

from linkxg.clock import now_ms, rfc3339, rfc3339_or_none
from linkxg.db.schema import AnyRow
from linkxg.network.passports.access.model import AccessRequest, GrantStatus, PassportAccess, PassportGrant


def view_request(row: AnyRow) -> AccessRequest:
    return AccessRequest(
        row.id, row.passport_id, row.role, row.purpose, row.contact, row.evidence, row.status,
        rfc3339(row.created_at), rfc3339_or_none(row.decided_at), row.reason, row.grant_id,
    )  # fmt: skip


def grant_members(row: AnyRow) -> dict[str, Any]:
    """The members of a PassportGrant, by attribute."""
    return {
        "id": row.id,
        "passport_id": row.passport_id,
        "roles": row.roles.split(" "),
        "purpose": row.purpose,
        "recipient": row.recipient,
        "single_use": row.single_use,
        "includes_below": row.includes_below,
        "status": _status(row),
        "created_at": rfc3339(row.created_at),
        "expires_at": rfc3339(row.expires_at),
        "used_at": rfc3339_or_none(row.used_at),
        "revoked_at": rfc3339_or_none(row.revoked_at),
    }


def view_grant(row: AnyRow) -> PassportGrant:
    return PassportGrant(**grant_members(row))


def _status(row: AnyRow) -> GrantStatus:
    if row.revoked_at is not None:
        return "REVOKED"
    if row.single_use and row.used_at is not None:
        return "USED"
    return "EXPIRED" if row.expires_at <= now_ms() else "ACTIVE"


def view_access(row: AnyRow) -> PassportAccess:
    return PassportAccess(row.id, rfc3339(row.accessed_at), row.passport_id, row.version)
