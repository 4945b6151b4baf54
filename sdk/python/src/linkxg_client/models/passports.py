"""Digital Product Passports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

PassportGranularity = Literal["model", "batch", "item"]
PassportStatus = Literal["active", "inactive", "archived", "invalid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportSummary:
    """A passport in a list."""

    digital_product_passport_id: str
    unique_product_identifier: str
    granularity: PassportGranularity
    dpp_schema_version: str
    dpp_status: PassportStatus
    last_updated: datetime
    economic_operator_id: str
    version: int
    life_status: str

    @property
    def id(self) -> str:
        """The last part of the address of the passport."""
        return self.digital_product_passport_id.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """A passport as its reader sees it; `withheld` names what their roles may not read."""

    digital_product_passport_id: str
    unique_product_identifier: str
    granularity: PassportGranularity
    dpp_status: PassportStatus
    last_updated: datetime
    version: int
    life_status: str
    carrier_link: str
    issuer: str
    issuer_name: str
    roles: list[str]
    withheld: list[str]
    content_hash: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedPassport:
    """What a request to issue did: CREATED, UPDATED or UNCHANGED."""

    id: str
    granularity: PassportGranularity
    lot: str | None
    serial: str | None
    version: int
    outcome: Literal["CREATED", "UPDATED", "UNCHANGED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportState:
    """The state of a passport after a change."""

    id: str
    version: int
    life_status: str
    withdrawn_at: datetime | None
    withdraw_reason: str | None
