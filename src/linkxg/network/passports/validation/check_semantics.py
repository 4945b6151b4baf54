"""Checks what the schema of UNTP does not: sums, numbers, dates, countries, units and check digits."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from linkxg.catalog.identifiers.digital_link import read_digital_link
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.catalog.products.countries import COUNTRIES
from linkxg.catalog.products.units_of_measure import LENGTH, MASS, VOLUME
from linkxg.clock import read_rfc3339
from linkxg.network.epcis.documents.schema_faults import to_pointer
from linkxg.network.epcis.documents.units import UNITS
from linkxg.network.passports.documents.untp_classes import UNKNOWN_COUNTRY
from linkxg.network.passports.validation.model import PassportFinding, error, warning

_KNOWN_UNITS = frozenset(UNITS) | {*MASS, *LENGTH, *VOLUME}
_UNIT = re.compile(r"[A-Z0-9]{2,3}")
_TOLERANCE = Decimal("0.000001")
_SUBJECT = "credentialSubject"
_FREE = "characteristics"
"""The schema leaves it to the category of the product, so its units and codes may be any."""
_NUMBERS = {"item": "itemNumber", "batch": "batchNumber"}
_DL = re.compile(r"https?://[^/]+(?:/[^?#]*)?/01/")


def check_semantics(document: dict[str, Any]) -> Iterator[PassportFinding]:
    """Checks a document of any form; wrong types are found by the schema, and skipped here."""
    yield from _order(document, (), "validFrom", "validUntil")
    subject = document.get(_SUBJECT)
    if isinstance(subject, dict):
        yield from _check_product(subject)
    yield from _walk(document)


def _check_product(product: dict[str, Any]) -> Iterator[PassportFinding]:
    yield from _order(product, (_SUBJECT,), "productionDate", "expiryDate")
    granularity = product.get("idGranularity")
    number = _NUMBERS.get(granularity) if isinstance(granularity, str) else None
    if number is not None and not product.get(number):
        message = f"The passport of {'an item' if number == 'itemNumber' else 'a batch'} must have its {number}."
        yield error("granularity", to_pointer([_SUBJECT, number]), message)
    yield from _mass_fractions(product.get("materialProvenance"), (_SUBJECT, "materialProvenance"))
    identifier = product.get("id")
    if isinstance(identifier, str) and _DL.match(identifier):
        try:
            read_digital_link(identifier)
        except NotAnIdentifier as fault:
            yield error("identifier", to_pointer([_SUBJECT, "id"]), str(fault))


def _mass_fractions(materials: Any, path: tuple[str | int, ...]) -> Iterator[PassportFinding]:
    if not isinstance(materials, list):
        return
    found = [one.get("massFraction") for one in materials if isinstance(one, dict)]
    fractions = [Decimal(str(one)) for one in found if isinstance(one, int | float) and not isinstance(one, bool)]
    total = sum(fractions, Decimal(0))
    if total > 1 + _TOLERANCE:
        yield error(
            "mass_fractions", to_pointer(list(path)), f"The mass fractions add up to {total}, which is more than 1."
        )
    elif fractions and total < 1 - _TOLERANCE:
        yield warning(
            "mass_fractions", to_pointer(list(path)), f"The mass fractions add up to {total}, which is less than 1."
        )


def _order(holder: dict[str, Any], path: tuple[str | int, ...], first: str, second: str) -> Iterator[PassportFinding]:
    begins, ends = (_time(holder.get(name)) for name in (first, second))
    if begins is not None and ends is not None and ends < begins:
        yield error("date_order", to_pointer([*path, second]), f"{second} is before {first}.")


def _time(value: Any) -> int | None:
    """The milliseconds of a time, or of the beginning of a day; None for anything else."""
    if not isinstance(value, str):
        return None
    return read_rfc3339(value) if "T" in value else read_rfc3339(f"{value}T00:00:00Z")


def _walk(document: dict[str, Any]) -> Iterator[PassportFinding]:
    """Checks countries, units and periods, wherever they are."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, list):
            waiting += [(one, (*path, index)) for index, one in enumerate(value)]
        elif isinstance(value, dict):
            waiting += [(one, (*path, name)) for name, one in value.items() if name != _FREE]
            yield from _check_object(value, path)


def _check_object(value: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[PassportFinding]:
    country = value.get("countryCode")
    if isinstance(country, str) and country not in COUNTRIES:
        pointer = to_pointer([*path, "countryCode"])
        if country == UNKNOWN_COUNTRY:
            yield warning("country", pointer, "ZZ stands for a country that is not known or not shown.")
        else:
            yield error("country", pointer, "This is not a country code of ISO 3166-1 alpha-2, such as DE.")
    unit = value.get("unit")
    if isinstance(unit, str) and "value" in value and unit not in _KNOWN_UNITS:
        pointer = to_pointer([*path, "unit"])
        if _UNIT.fullmatch(unit):
            yield warning("unit", pointer, "This service does not know this unit; see UN/CEFACT Recommendation 20.")
        else:
            yield error("unit", pointer, "This is not a unit code of UN/CEFACT Recommendation 20, such as KGM.")
    yield from _order(value, path, "startDate", "endDate")
