"""Renders a passport as a page: what has been left out by its redaction is named, not shown.

The page has one style, which its policy names, and the QR code of this service; no script, nothing of anybody else.
"""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from linkxg.catalog.products.countries import NAMES
from linkxg.clock import rfc3339
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.pages.texts import TEXTS, Texts

_FOLDER = Path(__file__).parent
STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8").strip()
_HASH = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_LINKABLE = ("https://", "http://")
_WIDTH = 1_000
_MAX_DEPTH = 4


@cache
def template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template(name)


def passport_page(redacted: Redacted, addresses: Addresses, language: str) -> str:
    passport, fields, texts = redacted.passport, redacted.fields, TEXTS[language]
    successor = passport.successor_id
    materials = fields.get("materials", [])
    return template("passport.html").render(
        language=language,
        t=texts,
        style=Markup(STYLE),  # noqa: S704  a file of this package
        title=fields.get("name") or f"GTIN {passport.gtin14}",
        passport=passport,
        fields={"description": fields.get("description")},
        status=redacted.status,
        withdrawal=redacted.withdrawal,
        address=addresses.passport(passport.id),
        successor=addresses.passport(successor) if successor else None,
        facts=_facts(redacted, texts),
        materials=[_material(one) for one in materials],
        bars=_bars(materials),
        tables=_tables(fields, texts),
        claims=[_claim(one) for one in fields.get("claims", [])],
        documents=[one for one in fields.get("documents", []) if _is_link(one.get("url"))],
        withheld=redacted.withheld,
        issuer=redacted.issuer.name,
        number=redacted.version.version,
        view={
            "gtin": passport.gtin14,
            "updated": rfc3339(redacted.version.issued_at),
            "carrier": addresses.carrier(redacted.issuer.slug, passport),
        },
    )


def _facts(redacted: Redacted, texts: Texts) -> list[tuple[str, str]]:
    fields, life_status = redacted.fields, redacted.version.life_status
    facility = fields.get("facility") or {}
    place = ", ".join(one for one in (facility.get("name"), _country(facility.get("country"))) if one)
    found = [
        ("brand", fields.get("brand")),
        ("model", fields.get("modelNumber")),
        ("category", (fields.get("category") or {}).get("name")),
        ("producer", (fields.get("producer") or {}).get("name")),
        ("facility", place),
        ("country", _country(fields.get("countryOfProduction"))),
        ("productionDate", fields.get("productionDate")),
        ("expiryDate", fields.get("expiryDate")),
        ("life", None if life_status == "original" else life_status),
    ]
    return [(name, str(value)) for name, value in found if value]


def _country(code: str | None) -> str | None:
    return None if code is None else NAMES.get(code, code)


def _material(material: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": material.get("name", ""),
        "hazardous": material.get("hazardous", False),
        "share": _percent(material.get("massFraction")),
        "recycled": _percent(material.get("recycledMassFraction")),
        "origin": _country(material.get("originCountry")) or "–",
    }


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction * 100:.4g} %"


def _bars(materials: list[dict[str, Any]]) -> list[dict[str, int]]:
    """In thousandths of the width, one after another."""
    bars, at = [], 0
    for material in materials:
        width = min(round(_WIDTH * (material.get("massFraction") or 0)), _WIDTH - at)
        bars.append({"at": at, "width": width})
        at += width
    return bars


def _tables(fields: dict[str, Any], texts: Texts) -> list[tuple[str, list[tuple[str, str]]]]:
    dimensions = [(name, _text(one, texts)) for name, one in fields.get("dimensions", {}).items()]
    performance = [
        (one.get("metricName") or one.get("metricId") or "", _text(one, texts)) for one in fields.get("performance", [])
    ]
    attributes = [(name, _text(one, texts)) for name, one in fields.get("attributes", {}).items()]
    return [("dimensions", dimensions), ("performance", performance), ("attributes", attributes)]


def _text(value: Any, texts: Texts, depth: int = 0) -> str:
    """A measure as a figure with its unit; anything else in words."""
    if isinstance(value, bool):
        return texts["yes" if value else "no"]
    if isinstance(value, dict) and "value" in value:
        return f"{value['value']} {value.get('unit', '')}".strip()
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(one, texts, depth + 1)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_text(one, texts, depth + 1) for one in value)
    return "–" if value is None else str(value)


def _claim(claim: dict[str, Any]) -> dict[str, Any]:
    parts = (claim.get("name"), claim.get("topic"), claim.get("referenceStandard"), claim.get("claimDate"))
    url = (claim.get("evidence") or {}).get("url")
    return {"text": " · ".join(str(one) for one in parts if one), "url": url if _is_link(url) else None}


def _is_link(url: Any) -> bool:
    return isinstance(url, str) and url.startswith(_LINKABLE)
