"""Requests about connections and the feed of changes."""

from __future__ import annotations

from linkxg_client.call import Call, body, one, params, path
from linkxg_client.models.connections import (
    Change,
    CompanyConnection,
    ConnectionStatus,
    Direction,
    ReadCount,
    Relationship,
)
from linkxg_client.pages import Page, PageCall, page_of

READ, WRITE = "connections:read", "connections:write"


def list_connections(
    status: ConnectionStatus | None = None,
    relationship: Relationship | None = None,
    direction: Direction | None = None,
    limit: int | None = None,
) -> PageCall[CompanyConnection]:
    """The account's connections and invitations, newest first."""
    asked = params(status=status, relationship=relationship, direction=direction, limit=limit)
    return lambda cursor: Call("GET", "/connections", READ, page_of(CompanyConnection), asked | params(cursor=cursor))


def get(connection_id: str) -> Call[CompanyConnection]:
    """One connection or invitation."""
    return Call("GET", path("connections", connection_id), READ, one(CompanyConnection))


def invite(
    relationship: Relationship,
    slug: str | None = None,
    gln: str | None = None,
    email: str | None = None,
    message: str | None = None,
) -> Call[CompanyConnection]:
    """Invite a company by slug, GLN or e-mail address."""
    made = body(relationship=relationship, invitee_slug=slug, invitee_gln=gln, invitee_email=email, message=message)
    return Call("POST", "/connections", WRITE, one(CompanyConnection), json=made)


def accept(connection_id: str, gln: str | None = None) -> Call[CompanyConnection]:
    """Accept an invitation."""
    return Call("POST", path("connections", connection_id, "accept"), WRITE, one(CompanyConnection), json=body(gln=gln))


def decline(connection_id: str, reason: str | None = None) -> Call[CompanyConnection]:
    """Decline an invitation; the inviter sees the reason."""
    made = body(reason=reason)
    return Call("POST", path("connections", connection_id, "decline"), WRITE, one(CompanyConnection), json=made)


def revoke(connection_id: str, reason: str | None = None) -> Call[CompanyConnection]:
    """End a connection and all that both sides share, or withdraw an invitation."""
    made = body(reason=reason)
    return Call("POST", path("connections", connection_id, "revoke"), WRITE, one(CompanyConnection), json=made)


def confirm_gln(connection_id: str, gln: str) -> Call[CompanyConnection]:
    """Confirm the GLN that a partner states: traceability and recalls know them by it."""
    return Call(
        "POST", path("connections", connection_id, "confirm-gln"), WRITE, one(CompanyConnection), json=body(gln=gln)
    )


def list_reads(connection_id: str, limit: int | None = None) -> PageCall[ReadCount]:
    """What the partner has read, by hour and product, newest first."""
    address = path("connections", connection_id, "access-log")
    return lambda cursor: Call("GET", address, READ, page_of(ReadCount), params(limit=limit, cursor=cursor))


def changes(
    cursor: str | None = None, newest: bool = False, wait: int = 0, limit: int | None = None
) -> Call[Page[Change]]:
    """The entries of the feed after a cursor. Store `next_cursor` when they are processed."""
    asked = params(cursor=cursor, start="newest" if newest else None, wait=wait or None, limit=limit)
    return Call("GET", "/shared/changes", READ, page_of(Change), asked)
