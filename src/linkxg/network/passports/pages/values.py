"""The values of a passport as texts for people, in the language of the page."""

from typing import Any

from linkxg.network.passports.pages.texts import TEXTS
from linkxg.network.passports.pages.vocabulary_texts import UNIT_SYMBOLS, country_name, number_text

_MAX_DEPTH = 4
_LINKABLE = ("https://", "http://")
ABSENT = "–"


def value_text(value: Any, language: str, depth: int = 0) -> str:
    """A measure as a figure with its unit; anything else in words."""
    if isinstance(value, bool):
        return TEXTS[language]["yes" if value else "no"]
    if isinstance(value, int | float):
        return number_text(value, language)
    if isinstance(value, dict) and isinstance(value.get("value"), int | float | str):
        return measure_text(value, language)
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {value_text(one, language, depth + 1)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(value_text(one, language, depth + 1) for one in value)
    return ABSENT if value is None else str(value)


def measure_text(measure: dict[str, Any], language: str) -> str:
    unit = str(measure.get("unit") or "")
    tolerance = measure.get("tolerance")
    beside = f" ± {number_text(tolerance, language)}" if tolerance else ""
    return f"{value_text(measure['value'], language)}{beside} {UNIT_SYMBOLS.get(unit, unit)}".strip()


def percent_text(fraction: float | None, language: str) -> str:
    if fraction is None:
        return ABSENT
    figure = f"{fraction * 100:.4g}"
    return f"{figure.replace('.', ',') if language == 'de' else figure} %"


def facility_text(facility: dict[str, Any], language: str) -> str:
    """Its name and its country, as far as they are there."""
    return ", ".join(one for one in (facility.get("name"), country_name(facility.get("country"), language)) if one)


def is_link(url: Any) -> bool:
    return isinstance(url, str) and url.startswith(_LINKABLE)
