"""A passport as a Digital Product Passport of UNTP 0.7.0: an unsigned verifiable credential in JSON-LD.

Everything that the schema requires is there, whatever the reader may see: of a required member that is withheld, a
placeholder that says so.
"""

from typing import Any

from linkxg.clock import rfc3339
from linkxg.network.passports.documents.addresses import Addresses, gln_uri, product_identifier
from linkxg.network.passports.documents.model import Redacted, StatusEntry
from linkxg.network.passports.documents.untp_claims import claims_of
from linkxg.network.passports.documents.untp_classes import (
    UNKNOWN_COUNTRY,
    WITHHELD,
    classification,
    country,
    dimensions,
    link,
    materials,
    measure,
    package,
    party,
)

CREDENTIALS_CONTEXT = "https://www.w3.org/ns/credentials/v2"
"""Verifiable Credentials Data Model 2.0."""
CONTEXTS = [CREDENTIALS_CONTEXT, "https://vocabulary.uncefact.org/untp/0.7.0/context/"]
_SCHEME = {"type": ["IdentifierScheme"], "id": "https://id.gs1.org/01/", "name": "GS1 GTIN"}
_UNKNOWN_COUNTRY = {"countryCode": UNKNOWN_COUNTRY, "countryName": WITHHELD}


def untp_json_ld(redacted: Redacted, addresses: Addresses, status: StatusEntry) -> dict[str, Any]:
    passport, version, issuer = redacted.passport, redacted.version, redacted.issuer
    credential: dict[str, Any] = {
        "@context": CONTEXTS,
        "type": ["DigitalProductPassport", "VerifiableCredential"],
        "id": addresses.version(passport.id, version.version),
        "name": redacted.title,
        "issuer": {"type": ["CredentialIssuer"], "id": addresses.did(issuer.slug), "name": issuer.name},
        "validFrom": rfc3339(version.issued_at),
        "credentialStatus": status_member(addresses.status_list(issuer.slug, status.list_number), status.position),
        "credentialSubject": _product(redacted, addresses),
    }
    if issuer.gln:
        known_as = {"id": gln_uri("417", issuer.gln), "name": issuer.name, "registeredId": issuer.gln}
        credential["issuer"]["issuerAlsoKnownAs"] = [{"type": ["Party"], **known_as}]
    if redacted.withheld:
        credential["withheld"] = list(redacted.withheld)
    return credential


def status_member(status_list: str, position: int) -> dict[str, Any]:
    """Bitstring Status List §2.1; the schema of UNTP has the index as a number."""
    return {
        "type": "BitstringStatusListEntry",
        "id": f"{status_list}#{position}",
        "statusPurpose": "revocation",
        "statusListIndex": position,
        "statusListCredential": status_list,
    }


def _product(redacted: Redacted, addresses: Addresses) -> dict[str, Any]:
    passport, fields = redacted.passport, redacted.fields
    address = addresses.passport(passport.id)
    product: dict[str, Any] = {
        "type": ["Product"],
        "id": product_identifier(passport),
        "name": fields.get("name") or WITHHELD,
        "description": fields.get("description"),
        "idScheme": _SCHEME,
        "modelNumber": fields.get("modelNumber"),
        "batchNumber": passport.lot or None,
        "itemNumber": passport.serial or None,
        "idGranularity": passport.granularity,
        "productCategory": [classification(fields.get("category"), address)],
        "producedAtFacility": _facility(fields.get("facility"), address),
        "countryOfProduction": country(fields.get("countryOfProduction")) or _UNKNOWN_COUNTRY,
        "productionDate": fields.get("productionDate"),
        "expiryDate": fields.get("expiryDate"),
        "productImage": next(map(link, fields.get("images", [])), None),
        "relatedDocument": [*map(link, fields.get("documents", [])), *_predecessor(redacted)],
        "relatedParty": party(fields.get("producer"), address),
        "dimensions": dimensions(fields.get("dimensions")),
        "materialProvenance": materials(fields.get("materials")),
        "packaging": next(map(package, fields.get("packaging", [])), None),
        "performanceClaim": claims_of(redacted, address),
        "characteristics": _characteristics(redacted),
    }
    return {name: value for name, value in product.items() if value not in (None, [], {})}


def _facility(facility: dict[str, Any] | None, address: str) -> dict[str, Any]:
    if facility is None:
        return {"type": ["Facility"], "id": f"{address}#facility", "name": WITHHELD}
    gln = facility.get("gln")
    shown = {"id": gln_uri("414", gln) if gln else f"{address}#facility", "name": facility.get("name") or WITHHELD}
    return {"type": ["Facility"], **shown, **({"registeredId": gln} if gln else {})}


def _predecessor(redacted: Redacted) -> list[dict[str, Any]]:
    predecessor = redacted.passport.predecessor
    if predecessor is None:
        return []
    return [{"linkURL": predecessor, "linkName": "Predecessor passport", "linkType": "predecessor-version"}]


def _characteristics(redacted: Redacted) -> dict[str, Any]:
    """The attributes, which UNTP leaves to the category of the product, and what else it has no member for."""
    found: dict[str, Any] = _without_keywords(redacted.fields.get("attributes", {}))
    if brand := redacted.fields.get("brand"):
        found.setdefault("brand", brand)
    if gross := redacted.fields.get("dimensions", {}).get("grossWeight"):
        found.setdefault("grossWeight", measure(gross))
    if redacted.version.life_status != "original":
        found["lifeStatus"] = redacted.version.life_status
    return found


def _without_keywords(value: Any) -> Any:
    """Names that JSON-LD would take for its keywords, such as `@context`, begin with an underscore instead."""
    if isinstance(value, dict):
        return {f"_{name[1:]}" if name[:1] == "@" else name: _without_keywords(one) for name, one in value.items()}
    return [_without_keywords(one) for one in value] if isinstance(value, list) else value
