"""A passport as JSON: the header of EN 18223, and the fields that the reader sees."""

from typing import Any, ClassVar

import msgspec

from linkxg.catalog.products.canonical import canonical, content_hash
from linkxg.catalog.products.content import EXAMPLE
from linkxg.clock import rfc3339
from linkxg.network.passports.documents.addresses import Addresses, gln_uri, product_identifier
from linkxg.network.passports.documents.model import LifeStatus, PassportGranularity, PassportStatus, Redacted

SCHEMA_VERSION = "EN 18223:2026"
SPECIFICATIONS = ["https://vocabulary.uncefact.org/untp/0.7.0/context/"]


class PassportWithdrawal(msgspec.Struct):
    """When the passport, or the version of the product in it, was withdrawn, and why."""

    at: str
    reason: str | None


class PassportSummary(msgspec.Struct, rename="camel"):
    """A passport in a list. `dppStatus` is `invalid` when withdrawn, `archived` of older versions."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "digitalProductPassportId": "https://api.example.com/dpp/01a20900-46b1-7977-8501-b67e3b66cab2",
        "uniqueProductIdentifier": "https://id.gs1.org/01/04006381333931",
        "granularity": "model",
        "dppSchemaVersion": SCHEMA_VERSION,
        "dppStatus": "active",
        "lastUpdated": "2026-11-23T14:33:00.123Z",
        "economicOperatorId": "https://id.gs1.org/417/4012345000009",
        "version": 1,
        "lifeStatus": "original",
    }

    digital_product_passport_id: str
    unique_product_identifier: str
    granularity: PassportGranularity
    dpp_schema_version: str
    dpp_status: PassportStatus
    last_updated: str
    economic_operator_id: str
    version: int
    life_status: LifeStatus


class PassportView(PassportSummary, rename="camel"):
    """A passport as its reader sees it. `contentHash` is the SHA-256 of the canonical content (RFC 8785)."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PassportSummary.EXAMPLE,
        "facilityId": "https://id.gs1.org/414/4012345000009",
        "contentSpecificationIds": SPECIFICATIONS,
        "carrierLink": "https://api.example.com/acme/01/04006381333931",
        "issuer": "did:web:api.example.com:acme",
        "issuerName": "Acme",
        "predecessor": None,
        "successor": None,
        "withdrawn": None,
        "roles": ["public"],
        "withheld": ["materials"],
        "contentHash": "sha-256:5f70bf18a0860070...",
        "content": EXAMPLE,
    }

    facility_id: str | None
    content_specification_ids: list[str]
    carrier_link: str
    issuer: str
    issuer_name: str
    predecessor: str | None
    successor: str | None
    withdrawn: PassportWithdrawal | None
    roles: list[str]
    withheld: list[str]
    content_hash: str
    content: dict[str, Any]


def _summary(redacted: Redacted, addresses: Addresses) -> dict[str, Any]:
    """The members of a PassportSummary, by attribute."""
    passport, withdrawal = redacted.passport, redacted.withdrawal
    return {
        "digital_product_passport_id": addresses.passport(passport.id),
        "unique_product_identifier": product_identifier(passport),
        "granularity": passport.granularity,
        "dpp_schema_version": SCHEMA_VERSION,
        "dpp_status": redacted.status,
        "last_updated": rfc3339(max(redacted.version.issued_at, withdrawal.at if withdrawal else 0)),
        "economic_operator_id": addresses.operator(redacted.issuer),
        "version": redacted.version.version,
        "life_status": redacted.version.life_status,
    }


def summarise(redacted: Redacted, addresses: Addresses) -> PassportSummary:
    return PassportSummary(**_summary(redacted, addresses))


def view_passport(redacted: Redacted, addresses: Addresses) -> PassportView:
    """The envelope form."""
    passport, withdrawal = redacted.passport, redacted.withdrawal
    gln = redacted.fields.get("facility", {}).get("gln")
    return PassportView(
        **_summary(redacted, addresses),
        facility_id=gln_uri("414", gln) if gln else None,
        content_specification_ids=SPECIFICATIONS,
        carrier_link=addresses.carrier(redacted.issuer.slug, passport),
        issuer=addresses.did(redacted.issuer.slug),
        issuer_name=redacted.issuer.name,
        predecessor=passport.predecessor,
        successor=addresses.passport(passport.successor_id) if passport.successor_id else None,
        withdrawn=PassportWithdrawal(rfc3339(withdrawal.at), withdrawal.reason) if withdrawal else None,
        roles=sorted(redacted.roles),
        withheld=list(redacted.withheld),
        content_hash=content_hash(canonical(redacted.fields).digest),
        content=redacted.fields,
    )
