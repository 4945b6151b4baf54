"""The value classes of UNTP 0.7.0, made from members of a content."""

from typing import Any

from linkxg.catalog.products.countries import NAMES
from linkxg.network.passports.documents.addresses import gln_uri
from linkxg.network.passports.documents.digest_multibase import digest_multibase

Part = dict[str, Any]
_MATERIAL = ("name", "code", "schemeId", "massFraction", "originCountry")
_DIMENSIONS = {"netWeight": "weight", "length": "length", "width": "width", "height": "height", "volume": "volume"}


def _given(part: Part) -> Part:
    return {name: value for name, value in part.items() if value is not None}


def classification(category: Part | None, address: str) -> Part:
    """Classification; a placeholder of a category that is withheld."""
    category = category or {}
    code = category.get("code", "withheld")
    scheme = category.get("schemeId") or f"{address}#category"
    name = category.get("name") or ("Withheld" if code == "withheld" else code)
    return {"code": code, "name": name, "schemeId": scheme, "schemeName": category.get("schemeName") or scheme}


def country(code: str | None) -> Part | None:
    return None if code is None else _given({"countryCode": code, "countryName": NAMES.get(code)})


def measure(value: Part | None) -> Part | None:
    return None if value is None else {"value": value["value"], "unit": value["unit"]}


def dimensions(given: Part | None) -> Part:
    """Dimension. UNTP has one weight, which is the net weight here."""
    return {_DIMENSIONS[name]: measure(value) for name, value in (given or {}).items() if name in _DIMENSIONS}


def link(document: Part) -> Part:
    digest = document.get("sha256")
    return _given({
        "linkURL": document["url"],
        "linkName": document.get("title") or document["url"],
        "digestMultibase": digest_multibase(digest) if digest else None,
        "mediaType": document.get("mediaType"),
    })  # fmt: skip


def party(producer: Part | None, address: str) -> list[Part]:
    """The manufacturer, as a PartyRole."""
    if not producer:
        return []
    gln = producer.get("gln")
    id = producer.get("id") or (gln_uri("417", gln) if gln else f"{address}#manufacturer")
    shown = _given({"id": id, "name": producer.get("name") or gln or id, "registeredId": gln})
    return [{"role": "manufacturer", "party": {"type": ["Party"], **shown}}]


def materials(given: list[Part] | None) -> list[Part]:
    """Those that have everything that UNTP requires of a Material."""
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


def package(packaging: Part) -> Part:
    """The first level of packaging, which is all that UNTP has."""
    weight = measure(packaging.get("grossWeight"))
    return {
        "description": packaging["name"],
        "dimensions": {"weight": weight} if weight else {},
        "materialUsed": materials(packaging.get("materials")),
    }
