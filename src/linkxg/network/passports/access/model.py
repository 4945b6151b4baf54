"""Requests for access to a passport, grants, and the bodies of their routes."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

from linkxg.clock import DAY
from linkxg.http.route_declaration import described
from linkxg.network.check_fields import MAX_TEXT
from linkxg.network.passports.documents.model import Roles

GrantedRole = Literal["legitimateInterest", "authority"]
GRANTED_ROLES: tuple[GrantedRole, ...] = ("legitimateInterest", "authority")
AccessRequestStatus = Literal["PENDING", "APPROVED", "DECLINED"]
GrantStatus = Literal["ACTIVE", "USED", "EXPIRED", "REVOKED"]
MIN_CONTACT, MAX_CONTACT = 3, 200
MAX_PENDING, MAX_PENDING_OF_PASSPORT, MAX_PENDING_OF_NETWORK = 500, 100, 20
"""Requests to one account that wait for a decision: in all, for one passport, and from one network (/24, /48 of IPv6).

Beyond the last none is taken. Beyond the others the oldest of the network that has the most goes: whoever asks often
displaces nobody but themselves.
"""
MAX_LIFETIME_MS = 366 * DAY
_ID, _TIME = "01a20900-46b1-7977-8501-b67e3b66cab2", "2027-03-01T00:00:00.000Z"


class RequestAccess(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A request for what a passport withholds: in which role, for which purpose, and how to answer."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "role": "legitimateInterest",
        "purpose": "We recycle batteries and need the composition of the cathode.",
        "contact": "lab@recycler.example",
        "evidence": "https://recycler.example/permit.pdf",
    }

    role: Annotated[str, described(enum=[*GRANTED_ROLES])]
    purpose: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    contact: Annotated[str, Meta(min_length=MIN_CONTACT, max_length=MAX_CONTACT)]
    evidence: Annotated[str, Meta(max_length=MAX_TEXT)] | None = None


class ReceivedAccessRequest(msgspec.Struct):
    """A request was received. The owner decides, and answers by the contact."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"received": True}

    received: bool = True


GivenRoles = Annotated[
    list[Annotated[str, described(enum=[*GRANTED_ROLES])]], Meta(min_length=1, max_length=len(GRANTED_ROLES))
]


class ApproveAccess(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Approves a request. Access ends at `expiresAt`, at most 366 days from now; with `singleUse` after one use.

    Without `roles`, access is granted in the role that was asked for. With `includesBelow` the link also opens the
    passports of the batches and items below the one that was asked for.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "expiresAt": _TIME,
        "roles": ["legitimateInterest"],
        "singleUse": True,
        "includesBelow": False,
    }

    expires_at: str
    roles: GivenRoles | None = None
    single_use: bool = False
    includes_below: bool = False


class GrantAccess(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A grant without a request. `recipient` says to whom the link is given.

    With `includesBelow` the link of a model also opens the passports of its batches and items, that of a batch those
    of its items.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "roles": ["authority"],
        "purpose": "Market surveillance, file 4711",
        "recipient": "Authority of the market",
        "expiresAt": _TIME,
        "singleUse": True,
        "includesBelow": False,
    }

    roles: GivenRoles
    purpose: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    recipient: Annotated[str, Meta(min_length=1, max_length=MAX_CONTACT)]
    expires_at: str
    single_use: bool = False
    includes_below: bool = False


class DeclineAccess(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Declines a request. `reason` is kept with it."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"reason": "There is no permit."}

    reason: Annotated[str, Meta(max_length=MAX_TEXT)] | None = None


class AccessRequest(msgspec.Struct, rename="camel"):
    """A request as the owner of the passport sees it. `grantId` after an approval."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        **RequestAccess.EXAMPLE,
        "id": _ID,
        "passportId": _ID,
        "status": "PENDING",
        "createdAt": _TIME,
        "decidedAt": None,
        "reason": None,
        "grantId": None,
    }

    id: str
    passport_id: str
    role: GrantedRole
    purpose: str
    contact: str
    evidence: str | None
    status: AccessRequestStatus
    created_at: str
    decided_at: str | None
    reason: str | None
    grant_id: str | None


class PassportGrant(msgspec.Struct, rename="camel"):
    """Access to a passport by a link, with `includesBelow` also to those below it. `usedAt` is the first use."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        **GrantAccess.EXAMPLE,
        "id": _ID,
        "passportId": _ID,
        "status": "ACTIVE",
        "createdAt": _TIME,
        "usedAt": None,
        "revokedAt": None,
    }

    id: str
    passport_id: str
    roles: list[GrantedRole]
    purpose: str
    recipient: str
    single_use: bool
    includes_below: bool
    status: GrantStatus
    created_at: str
    expires_at: str
    used_at: str | None
    revoked_at: str | None


class PassportGrantWithLink(PassportGrant, rename="camel"):
    """A grant with its link, which is shown only once. Whoever has the link reads the passport in these roles."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PassportGrant.EXAMPLE,
        "link": "https://api.example.com/dpp/access/lxgdpp_...",
    }

    link: str


class OfferedAccess(msgspec.Struct, rename="camel"):
    """What a link opens. POST to the link reads the passport; GET does not use it up.

    With `includesBelow` the parameters `lot` and `serial` name a batch or an item below the passport of the grant.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "digitalProductPassportId": f"https://api.example.com/dpp/{_ID}",
        "roles": ["authority"],
        "purpose": "Market surveillance, file 4711",
        "expiresAt": _TIME,
        "singleUse": True,
        "includesBelow": False,
    }

    digital_product_passport_id: str
    roles: list[GrantedRole]
    purpose: str
    expires_at: str
    single_use: bool
    includes_below: bool


class PassportAccess(msgspec.Struct, rename="camel"):
    """One use of a link: when, and which version of which passport was read.

    `passportId` is null of uses before links could open several passports.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"id": _ID, "at": _TIME, "passportId": _ID, "version": 2}

    id: str
    at: str
    passport_id: str | None
    version: int


class GrantTerms(NamedTuple):
    """The checked terms of a grant."""

    passport_id: str
    roles: Roles
    purpose: str
    recipient: str
    expires_at: int
    single_use: bool
    includes_below: bool
