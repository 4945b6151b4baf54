"""The values of an event by which queries find it (EPCIS 2.0 §8.2.7.1), under the names that queries use.

Extension fields are named `<namespace>#<field>`, after `INNER_` where they are within another field, and after a word
for the place: `ILMD_`, `ERROR_DECLARATION_`, `SENSORELEMENT_`, `SENSORMETADATA_`, `SENSORREPORT_`, `readPoint_`,
`bizLocation_`.
"""

from typing import Any

from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.items import lenient_uri
from linkxg.network.epcis.documents.model import IndexedValue
from linkxg.network.epcis.documents.times import NotATime, read_time
from linkxg.network.epcis.documents.units import to_base_unit
from linkxg.network.epcis.documents.vocabulary import DISPOSITION, MEASUREMENT, PARTY_TYPE, TRANSACTION_TYPE

MAX_TEXT = 500
"""Longer texts are not found by their value; longer names are not found at all."""
_TIMES = ("time", "startTime", "endTime")
_URIS = ("deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue")
_NUMBERS = ("value", "minValue", "maxValue", "meanValue", "percValue")
_TEXTS = ("stringValue", "hexBinaryValue")


class UnknownPrefix(ValueError):
    """A name has a prefix that no context declares."""


def read_values(event: dict[str, Any], contexts: Contexts) -> tuple[IndexedValue, ...]:
    """The values of a valid event, each once. Raises UnknownPrefix; OverflowError for a number that is too large."""
    found: list[IndexedValue] = []
    for one in event.get("bizTransactionList", ()):
        name = TRANSACTION_TYPE.bare(contexts.expand_value(one.get("type", "")))
        _add(found, f"bizTransaction_{name}", lenient_uri(one["bizTransaction"]))
    for one in event.get("sourceList", ()):
        _add(found, f"source_{PARTY_TYPE.bare(contexts.expand_value(one['type']))}", lenient_uri(one["source"]))
    for one in event.get("destinationList", ()):
        _add(
            found, f"destination_{PARTY_TYPE.bare(contexts.expand_value(one['type']))}", lenient_uri(one["destination"])
        )
    for change, words in event.get("persistentDisposition", {}).items():
        for word in words:
            _add(found, f"persistentDisposition_{change}", DISPOSITION.bare(contexts.expand_value(word)))
    declaration = event.get("errorDeclaration")
    if declaration is not None:
        for event_id in declaration.get("correctiveEventIDs", ()):
            _add(found, "correctiveEventID", event_id)
        _extensions(found, declaration, contexts, "ERROR_DECLARATION_")
    if event.get("sensorElementList"):
        found.append(IndexedValue("sensorElementList"))
        for element in event["sensorElementList"]:
            _sensor(found, element, contexts)
    for place in ("readPoint", "bizLocation"):
        if len(event.get(place, ())) > 1:
            _extensions(found, event[place], contexts, f"{place}_")
    if "ilmd" in event:
        _extensions(found, event["ilmd"], contexts, "ILMD_")
    _extensions(found, event, contexts, "")
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def field_name(namespace: str, field: str) -> str:
    """The name of an extension field in a query; a namespace that ends with `#` or `:` gets no second one."""
    return f"{namespace.rstrip('#:')}#{field}"


def _sensor(found: list[IndexedValue], element: dict[str, Any], contexts: Contexts) -> None:
    _extensions(found, element, contexts, "SENSORELEMENT_")
    metadata = element.get("sensorMetadata")
    if metadata is not None:
        _common(found, metadata)
        _extensions(found, metadata, contexts, "SENSORMETADATA_")
    for report in element["sensorReport"]:
        _add(found, "type", MEASUREMENT.bare(contexts.expand_value(report["type"])))
        _common(found, report)
        for name in _TEXTS:
            if name in report:
                _add(found, name, report[name])
        if "booleanValue" in report:
            _add(found, "booleanValue", "true" if report["booleanValue"] else "false")
        uom = report.get("uom", "")
        for name in _NUMBERS:
            if name in report:
                number, base = to_base_unit(report[name], uom)
                found.append(IndexedValue(f"{name}_{base}"[:MAX_TEXT], None, number))
        if "sDev" in report:
            number, base = to_base_unit(report["sDev"], uom, difference=True)
            found.append(IndexedValue(f"sDev_{base}"[:MAX_TEXT], None, number))
        _extensions(found, report, contexts, "SENSORREPORT_")


def _common(found: list[IndexedValue], value: dict[str, Any]) -> None:
    for name in _URIS:
        if name in value:
            _add(found, name, lenient_uri(value[name]))
    for name in _TIMES:
        if name in value:
            found.append(IndexedValue(name, None, float(read_time(value[name]))))


def _extensions(found: list[IndexedValue], value: dict[str, Any], contexts: Contexts, place: str) -> None:
    for name, member in value.items():
        if ":" in name:
            _field(found, name, member, contexts, place, 0)


def _field(found: list[IndexedValue], name: str, value: Any, contexts: Contexts, place: str, depth: int) -> None:
    expanded = contexts.expand(name)
    if expanded is not None:
        _value(found, ("INNER_" if depth else "") + place + field_name(*expanded), value)
    elif ":" in name:
        raise UnknownPrefix
    if isinstance(value, dict | list):
        _inner(found, value, contexts, place, depth)


def _inner(found: list[IndexedValue], value: Any, contexts: Contexts, place: str, depth: int) -> None:
    if isinstance(value, list):
        for member in value:
            _inner(found, member, contexts, place, depth)
    elif isinstance(value, dict):
        for name, member in value.items():
            if not name.startswith("@"):
                _field(found, name, member, contexts, place, depth + 1)


def _value(found: list[IndexedValue], name: str, value: Any) -> None:
    if isinstance(value, list):
        for member in value:
            _value(found, name, member)
    elif isinstance(value, dict):
        # Of a typed value (JSON-LD 1.1 §9.5) it is the value; other objects have none, but exist.
        typed = value.get("@value")
        _value(found, name, typed if isinstance(typed, str | int | float) else None)
    elif isinstance(value, bool):
        _add(found, name, "true" if value else "false")
    elif isinstance(value, int | float):
        _add(found, name, str(value), float(value))
    elif isinstance(value, str):
        _add(found, name, value, _time(value))
    else:
        _add(found, name, None)


def _time(text: str) -> float | None:
    """A time can be compared, so it is a number as well."""
    if not (20 <= len(text) <= 40 and text[4] == "-" and text[10] in "Tt"):
        return None
    try:
        return float(read_time(text))
    except NotATime:
        return None


def _add(found: list[IndexedValue], name: str, text: str | None, number: float | None = None) -> None:
    if len(name) <= MAX_TEXT:
        found.append(IndexedValue(name, text if text is None or len(text) <= MAX_TEXT else None, number))
