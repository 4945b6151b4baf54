"""The passports of batches and items, and the bodies of requests."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from linkxg.catalog.products.content import Access
from linkxg.http.route_declaration import described
from linkxg.network.passports.documents.model import LIFE_STATUSES, LifeStatus, PassportGranularity

MAX_UNITS = 1_000
MAX_ATTRIBUTES = 50
MAX_DETAILS_BYTES = 16 * 1_024
MAX_REASON = 1_000
NEXT_LIFE_STATUSES: tuple[LifeStatus, ...] = ("re-used", "repurposed", "remanufactured", "waste")
"""What may become of a product; it is `original` from the beginning, or never."""
IssueOutcome = Literal["CREATED", "UPDATED", "UNCHANGED"]


class UnitPassport(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The identity of a batch (`lot`) or an item (`serial`, and its lot if it has one), and what it says of itself.

    `attributes` come before those of the product. `access` restricts attributes, and the two dates.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "lot": "L-2026-11",
        "serial": None,
        "productionDate": "2026-11-20",
        "expiryDate": None,
        "attributes": {"furnace": "3"},
        "access": {"attributes.furnace": ["authority"]},
        "lifeStatus": "original",
        "predecessor": None,
    }

    lot: Annotated[str, described(minLength=1, maxLength=20)] | None = None
    serial: Annotated[str, described(minLength=1, maxLength=20)] | None = None
    production_date: date | None = None
    expiry_date: date | None = None
    attributes: Annotated[dict[str, Any], Meta(max_length=MAX_ATTRIBUTES)] | None = None
    access: Annotated[dict[str, Access], Meta(max_length=MAX_ATTRIBUTES + 2)] | None = None
    life_status: Annotated[str, described(enum=[*LIFE_STATUSES])] | None = None
    predecessor: Annotated[str, described(format="uri", maxLength=2_048)] | None = None


class IssuePassports(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Passports of batches and items of one product."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"passports": [UnitPassport.EXAMPLE]}

    passports: Annotated[list[UnitPassport], Meta(min_length=1, max_length=MAX_UNITS)]


class IssuedPassport(msgspec.Struct, rename="camel"):
    """A passport with its newest version; `outcome` is what the request did."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "granularity": "batch",
        "lot": "L-2026-11",
        "serial": None,
        "version": 1,
        "outcome": "CREATED",
    }

    id: str
    granularity: PassportGranularity
    lot: str | None
    serial: str | None
    version: int
    outcome: IssueOutcome


class WithdrawPassport(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`reason` is shown to readers of the passport."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"reason": "The serial number was not used."}

    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]


class ChangeLifeStatus(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`waste` ends the life of a product. Who else becomes responsible for it issues a passport of their own."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"lifeStatus": "waste"}

    life_status: Annotated[str, described(enum=[*NEXT_LIFE_STATUSES])]


class PassportState(msgspec.Struct, rename="camel"):
    """The state of a passport after a change."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "version": 2,
        "lifeStatus": "waste",
        "withdrawnAt": None,
        "withdrawReason": None,
    }

    id: str
    version: int
    life_status: LifeStatus
    withdrawn_at: str | None
    withdraw_reason: str | None
