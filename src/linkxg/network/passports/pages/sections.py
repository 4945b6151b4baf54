"""The sections of a page: facts, materials, tables, claims, documents, history and journey."""

from collections.abc import Iterator
from typing import Any

from linkxg.clock import rfc3339
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.documents.page_details import HistoryEntry, Journey, JourneyPlace
from linkxg.network.passports.pages.shorten import PageSize, cut
from linkxg.network.passports.pages.texts import FIELD_TEXTS, TEXTS, field_text
from linkxg.network.passports.pages.values import (
    facility_text,
    is_link,
    measure_text,
    percent_text,
    value_text,
)
from linkxg.network.passports.pages.vocabulary_texts import biz_step_text, country_name, life_status_text, topic_text

_WIDTH = 1_000
Rows = list[tuple[str, str]]


def facts(fields: dict[str, Any], redacted: Redacted, language: str) -> Rows:
    """(name of a text, value)."""
    life_status, is_model = redacted.version.life_status, redacted.passport.granularity == "model"
    found = [
        ("brand", fields.get("brand")),
        ("model", fields.get("modelNumber")),
        ("category", (fields.get("category") or {}).get("name")),
        ("producer", (fields.get("producer") or {}).get("name")),
        ("facility", facility_text(fields.get("facility") or {}, language)),
        ("country", country_name(fields.get("countryOfProduction"), language)),
        ("productionDate", fields.get("productionDate")),
        ("expiryDate", fields.get("expiryDate")),
        ("life", None if is_model and life_status == "original" else life_status_text(life_status, language)),
    ]
    return [(name, str(value)) for name, value in found if value]


def materials(fields: dict[str, Any], language: str) -> list[dict[str, Any]]:
    return [
        {
            "name": one.get("name", ""),
            "hazardous": one.get("hazardous", False),
            "share": percent_text(one.get("massFraction"), language),
            "recycled": percent_text(one.get("recycledMassFraction"), language),
            "origin": country_name(one.get("originCountry"), language) or "–",
        }
        for one in fields.get("materials", [])
    ]


def bars(fields: dict[str, Any]) -> list[dict[str, int]]:
    """The chart of materials: in thousandths of the width, one after another."""
    found, at = [], 0
    for material in fields.get("materials", []):
        width = min(round(_WIDTH * (material.get("massFraction") or 0)), _WIDTH - at)
        found.append({"at": at, "width": width})
        at += width
    return found


def tables(fields: dict[str, Any], language: str, size: PageSize) -> list[tuple[str, Rows]]:
    """(name of a text, rows)."""
    names = FIELD_TEXTS[language]
    dimensions = [
        (names.get(name, name), value_text(one, language)) for name, one in fields.get("dimensions", {}).items()
    ]
    performance = [
        (one.get("metricName") or one.get("metricId") or "", measure_text(one, language))
        for one in fields.get("performance", [])
    ]
    attributes = [(name, cut(value_text(one, language), size)) for name, one in fields.get("attributes", {}).items()]
    packaging = [(one.get("name", ""), _packaging(one, language)) for one in fields.get("packaging", [])]
    return [
        ("dimensions", dimensions),
        ("performance", performance),
        ("packaging", packaging),
        ("attributes", attributes),
    ]


def _packaging(level: dict[str, Any], language: str) -> str:
    weight, quantity = level.get("grossWeight"), level.get("quantity")
    parts = [f"{quantity} ×" if quantity else "", measure_text(weight, language) if weight else ""]
    parts.append(", ".join(one.get("name", "") for one in level.get("materials") or []))
    return " · ".join(part for part in parts if part) or "–"


def claims(fields: dict[str, Any], language: str) -> list[dict[str, Any]]:
    found = []
    for claim in fields.get("claims", []):
        topic = topic_text(claim.get("topic"), language)
        parts = (claim.get("name"), topic, claim.get("referenceStandard"), claim.get("claimDate"))
        url = (claim.get("evidence") or {}).get("url")
        found.append({"text": " · ".join(str(one) for one in parts if one), "url": url if is_link(url) else None})
    return found


def links(fields: dict[str, Any], language: str) -> Iterator[tuple[str, str]]:
    """(text, address) of documents and images, which are elsewhere."""
    for name in ("documents", "images"):
        for index, one in enumerate(fields.get(name, [])):
            if is_link(one.get("url")):
                untitled = one["url"] if name == "documents" else field_text(f"images[{index}]", language)
                yield one.get("title") or untitled, one["url"]


def history(entries: tuple[HistoryEntry, ...], language: str, size: PageSize) -> list[dict[str, Any]]:
    t, shown = TEXTS[language], []
    for entry in entries:
        names = [cut(field_text(path, language), size) for path in entry.changed]
        more = len(names) - size.elements
        what = [f"{t['changed']}: {', '.join(names[: size.elements])}{' …' if more > 0 else ''}"] if names else []
        if entry.life_status is not None:
            what.append(f"{t['becomes']}: {life_status_text(entry.life_status, language)}")
        first = t["first"] if entry.version == 1 else t["republished"]
        shown.append({"version": entry.version, "at": rfc3339(entry.issued_at), "what": "; ".join(what) or first})
    return shown


def journey(found: Journey | None, addresses: Addresses, language: str, size: PageSize) -> list[dict[str, Any]]:
    return [
        {
            "at": rfc3339(step.at),
            "what": biz_step_text(step.biz_step, language, is_transformation=step.is_transformation),
            "place": "" if step.place is None else cut(_place(step.place, language), size),
            "product": cut(step.product or "", size),
            "passport": addresses.passport(step.passport_id) if step.passport_id else None,
        }
        for step in (found.steps[-size.elements :] if found is not None else ())
    ]


def _place(place: JourneyPlace, language: str) -> str:
    return ", ".join(one for one in (place.name, country_name(place.country, language)) if one)
