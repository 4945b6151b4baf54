"""Access to what passports withhold: grants, and requests for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

PassportRole = Literal["legitimateInterest", "authority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportGrant:
    """Access by a link, which only the answer that creates it has. Whoever has it can read: `repr` does not show it."""

    id: str
    passport_id: str
    roles: list[PassportRole]
    purpose: str
    recipient: str
    single_use: bool
    includes_below: bool
    status: Literal["ACTIVE", "EXPIRED", "REVOKED", "USED"]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    link: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportAccess:
    """One use of a grant."""

    id: str
    at: datetime
    passport_id: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """Somebody asks for what a passport withholds."""

    id: str
    passport_id: str
    role: PassportRole
    purpose: str
    contact: str
    evidence: str | None
    status: Literal["PENDING", "APPROVED", "DECLINED"]
    created_at: datetime
    decided_at: datetime | None
    reason: str | None
    grant_id: str | None
