"""Connections as their two sides see them, and the bodies of requests."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from linkxg.clock import DAY
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.gln import PATTERN as GLN_PATTERN
from linkxg.identity.accounts.model import MAX_ACCOUNT_NAME, MAX_EMAIL
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.slug import PATTERN as SLUG_PATTERN
from linkxg.network.check_fields import MAX_TEXT

Relationship = Literal["SUPPLIER", "CUSTOMER", "PARTNER"]
Direction = Literal["INCOMING", "OUTGOING"]
ConnectionStatus = Literal["PENDING", "ACTIVE", "DECLINED", "REVOKED", "EXPIRED"]
EndedBy = Literal["SELF", "PARTNER"]
MIRRORED: dict[Relationship, Relationship] = {"SUPPLIER": "CUSTOMER", "CUSTOMER": "SUPPLIER", "PARTNER": "PARTNER"}
"""The role of the inviter to the invitee, by that of the invitee to the inviter."""
LIFETIME_DAYS = 14
LIFETIME_MS = LIFETIME_DAYS * DAY
MAX_PENDING = 1_000
MAX_SAME_INVITATIONS = 5
"""Of one invitee within a day: more would only fill a mailbox."""
_ID = "01a20900-46b1-7977-8501-b67e3b66cab2"
_PARTNER = {"accountId": _ID, "name": "Weaver Ltd", "slug": "weaver-ltd", "gln": "4012345000009"}
_EXAMPLE = {
    "id": _ID,
    "status": "ACTIVE",
    "direction": "OUTGOING",
    "relationship": "SUPPLIER",
    "partner": _PARTNER,
    "invitee": "weaver-ltd",
    "message": "Please share your fabrics.",
    "confirmedGln": "4012345000009",
}
Reason = Annotated[str, described(maxLength=MAX_TEXT)]


class PartnerAccount(msgspec.Struct, rename="camel"):
    """The other account of a share or request."""

    EXAMPLE: ClassVar[dict[str, Any]] = {name: _PARTNER[name] for name in ("accountId", "name", "slug")}

    account_id: str
    name: str
    slug: str


class Partner(PartnerAccount):
    """The other account of a connection."""

    EXAMPLE: ClassVar[dict[str, Any]] = _PARTNER

    gln: str | None


class ConnectionView(msgspec.Struct, rename="camel"):
    """A connection or invitation. `relationship` is the partner's role; `partner` is null to whom it is unknown.

    `confirmedGln` is the GLN by which traceability knows the partner: the one by which you invited them, that you sent
    with your acceptance, or that you have confirmed since. `partner.gln` is what they state now.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = _EXAMPLE

    id: str
    status: ConnectionStatus
    direction: Direction
    relationship: Relationship
    partner: Partner | None
    invitee: str | None
    message: str | None
    invited_at: str
    expires_at: str
    responded_at: str | None
    ended_at: str | None
    ended_by: EndedBy | None
    reason: str | None
    confirmed_gln: str | None


class AcceptConnection(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`gln` confirms the GLN of the inviter, as you were shown it; leave it out unless you know that it is theirs."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"gln": "4012345000009"}

    gln: Annotated[str, described(pattern=GLN_PATTERN)] | None = None


class ConfirmGln(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The GLN that the partner states."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"gln": "4012345000009"}

    gln: Annotated[str, described(pattern=GLN_PATTERN)]


class InvitedConnection(ConnectionView):
    """A new invitation; `link` is returned only here, and only when it cannot be mailed.

    `linkCreatesAccount`: whether a company without an account creates one by the link, mailed or not; otherwise the
    operator of the server has to (`linkxg bootstrap`).
    """

    EXAMPLE: ClassVar[dict[str, Any]] = _EXAMPLE | {
        "status": "PENDING",
        "partner": None,
        "confirmedGln": None,
        "invitee": "sales@weaver.example",
        "link": None,
        "linkCreatesAccount": True,
    }

    link: str | None
    link_creates_account: bool


class InvitePartner(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Exactly one of `inviteeSlug`, `inviteeGln` and `inviteeEmail`; `relationship` is the invitee's role."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "inviteeSlug": "weaver-ltd",
        "inviteeGln": None,
        "inviteeEmail": None,
        "relationship": "SUPPLIER",
        "message": "Please share your fabrics.",
    }

    relationship: Annotated[str, described(enum=[*MIRRORED])]
    invitee_slug: Annotated[str, described(pattern=SLUG_PATTERN)] | None = None
    invitee_gln: Annotated[str, described(pattern=GLN_PATTERN)] | None = None
    invitee_email: Annotated[str, described(format="email", maxLength=MAX_EMAIL)] | None = None
    message: Annotated[str, described(maxLength=MAX_TEXT)] | None = None


class EndConnection(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The reason is shown to the partner."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"reason": "We no longer work together."}

    reason: Reason | None = None


class AcceptConnectionInvitation(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The new account and the password of its Owner, who has the invited e-mail address.

    `gln` confirms the GLN of the inviter; leave it out unless you know that it is theirs.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "accountName": "Weaver Ltd",
        "password": "correct horse battery staple",
        "gln": None,
    }

    account_name: Annotated[str, described(minLength=1, maxLength=MAX_ACCOUNT_NAME)]
    password: Annotated[str, described(minLength=MINIMUM)]
    gln: Annotated[str, described(pattern=GLN_PATTERN)] | None = None
