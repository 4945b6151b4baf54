"""Formats the parts of a product that its form does not edit."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linkxg.catalog.products.content import Access, Content, Document, Material, Measure, Packaging
from linkxg.console.product_fields import format_value

_DIMENSIONS = {
    "net_weight": "Net weight",
    "gross_weight": "Gross weight",
    "length": "Length",
    "width": "Width",
    "height": "Height",
    "volume": "Volume",
}
_UNITS = {"KGM": "kg", "GRM": "g", "MGM": "mg", "TNE": "t", "MTR": "m", "CMT": "cm", "MMT": "mm", "LTR": "l",
          "MLT": "ml", "MTQ": "m³", "WTT": "W", "KWH": "kWh", "WHR": "Wh", "AMH": "Ah", "VLT": "V", "P1": "%",
          "CEL": "°C", "KEL": "K", "LUM": "lm", "MPA": "MPa", "NU": "Nm"}  # fmt: skip


class SummaryLine(NamedTuple):
    """`url` is the target of its link, if it has one."""

    name: str
    text: str
    url: str | None = None


def product_summary(content: Content) -> list[tuple[str, list[SummaryLine]]]:
    """(title, lines) of each part that is present."""
    parts: list[tuple[str, list[SummaryLine]]] = [
        ("Dimensions", list(_dimensions(content))),
        ("Materials", [_material(one) for one in content.materials or ()]),
        (
            "Performance",
            [SummaryLine(one.metric_name, _amount(one.value, one.unit)) for one in content.performance or ()],
        ),
        ("Claims", [SummaryLine(one.name, one.reference_standard or one.topic or "") for one in content.claims or ()]),
        ("Documents", [_document(one) for one in content.documents or ()]),
        ("Images", [_document(one) for one in content.images or ()]),
        ("Packaging", [_packaging(one) for one in content.packaging or ()]),
        ("Attributes", [SummaryLine(name, format_value(value)) for name, value in (content.attributes or {}).items()]),
        ("Producer", list(_producer(content))),
        ("Not public", list(_restricted(content))),
    ]
    return [(title, lines) for title, lines in parts if lines]


def _amount(value: Any, unit: str | None) -> str:
    return f"{format_value(value)} {_UNITS.get(unit, unit)}" if unit else format_value(value)


def _dimensions(content: Content) -> Iterator[SummaryLine]:
    for name, label in _DIMENSIONS.items():
        measure: Measure | None = getattr(content.dimensions, name, None)
        if measure is not None:
            yield SummaryLine(label, _amount(measure.value, measure.unit))


def _material(one: Material) -> SummaryLine:
    parts = []
    if one.mass_fraction is not None:
        parts.append(_percent(one.mass_fraction))
    if one.recycled_mass_fraction is not None:
        parts.append(f"{_percent(one.recycled_mass_fraction)} of it recycled")
    if one.origin_country is not None:
        parts.append(f"from {one.origin_country}")
    if one.hazardous:
        parts.append("hazardous")
    return SummaryLine(one.name, ", ".join(parts))


def _percent(share: float) -> str:
    return f"{round(share * 100, 2):g} %"


def _document(one: Document) -> SummaryLine:
    details = (one.media_type, one.language, _readers(one.access) if one.access else None)
    return SummaryLine(one.title or one.url, ", ".join(part for part in details if part), one.url)


def _restricted(content: Content) -> Iterator[SummaryLine]:
    for name, access in (content.access or {}).items():
        if "public" not in ([access] if isinstance(access, str) else access):
            yield SummaryLine(name, _readers(access))


def _readers(access: Access) -> str:
    """Whoever has one of these roles."""
    return access if isinstance(access, str) else " or ".join(access)


def _packaging(one: Packaging) -> SummaryLine:
    return SummaryLine(one.name, f"holds {one.quantity:,}" if one.quantity else one.gtin or "")


def _producer(content: Content) -> Iterator[SummaryLine]:
    if content.producer is not None:
        yield SummaryLine(content.producer.name or "–", content.producer.gln or content.producer.id or "")
