"""The value classes of UNTP 0.7.0, made from members of a content."""

from typing import Any

from linkxg.catalog.products.countries import NAMES
from linkxg.network.passports.documents.addresses import gln_uri
from linkxg.network.passports.documents.digest_multibase import digest_multibase

Members = dict[str, Any]
WITHHELD = "Withheld"
"""The name of what UNTP requires and the reader may not see."""
UNKNOWN_COUNTRY = "ZZ"
"""A code that ISO 3166-1 leaves to its users, for which CLDR has «unknown region»."""
_WITHHELD_CODE = "withheld"
_MATERIAL = ("name", "code", "schemeId", "massFraction", "originCountry")
_DIMENSIONS = {"netWeight": "weight", "length": "length", "width": "width", "height": "height", "volume": "volume"}


def _given(part: Members) -> Members:
    return {name: value for name, value in part.items() if value is not None}


def classification(category: Members | None, address: str) -> Members:
    """Classification; a placeholder for a category that is withheld."""
    category = category or {}
    code = category.get("code", _WITHHELD_CODE)
    scheme = category.get("schemeId") or f"{address}#category"
    name = category.get("name") or (WITHHELD if code == _WITHHELD_CODE else code)
    return {"code": code, "name": name, "schemeId": scheme, "schemeName": category.get("schemeName") or scheme}


def country(code: str | None) -> Members | None:
    return None if code is None else _given({"countryCode": code, "countryName": NAMES.get(code)})


def measure(value: Members | None) -> Members | None:
    return None if value is None else {"value": value["value"], "unit": value["unit"]}


def dimensions(given: Members | None) -> Members:
    """Dimension. UNTP has one weight, which is the net weight here."""
    return {_DIMENSIONS[name]: measure(value) for name, value in (given or {}).items() if name in _DIMENSIONS}


def link(document: Members) -> Members:
    digest = document.get("sha256")
    return _given({
        "linkURL": document["url"],
        "linkName": document.get("title") or document["url"],
        "digestMultibase": digest_multibase(digest) if digest else None,
        "mediaType": document.get("mediaType"),
    })  # fmt: skip


def party(producer: Members | None, address: str) -> list[Members]:
    """The manufacturer, as a PartyRole."""
    if not producer:
        return []
    gln = producer.get("gln")
    id = producer.get("id") or (gln_uri("417", gln) if gln else f"{address}#manufacturer")
    shown = _given({"id": id, "name": producer.get("name") or gln or id, "registeredId": gln})
    return [{"role": "manufacturer", "party": {"type": ["Party"], **shown}}]


def materials(given: list[Members] | None) -> list[Members]:
    """The materials that have all members that UNTP requires of a Material."""
    complete = (one for one in given or () if all(one.get(name) not in (None, "") for name in _MATERIAL))
    return [
        _given({
            "name": one["name"],
            "originCountry": country(one["originCountry"]),
            "materialType": {
                "code": one["code"], "name": one["name"], "schemeId": one["schemeId"], "schemeName": one["schemeId"],
            },
            "massFraction": one["massFraction"],
            "recycledMassFraction": one.get("recycledMassFraction"),
            "hazardous": one.get("hazardous"),
        })
        for one in complete
    ]  # fmt: skip


def package(packaging: Members) -> Members:
    """The first level of packaging, which is all that UNTP has."""
    weight = measure(packaging.get("grossWeight"))
    return {
        "description": packaging["name"],
        "dimensions": {"weight": weight} if weight else {},
        "materialUsed": materials(packaging.get("materials")),
    }
