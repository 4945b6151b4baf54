"""The hash of an event (CBV 2.0 §8.9.1), which is the id of an event that has none of its own.

The event is written as one text: the standard fields in the order of the CBV, then all others sorted. Lists are sorted,
identifiers, words, times and numbers are in their normal form, and extension names have their namespace in braces. When
it was recorded, its id and its error declaration take no part. An extension within a standard field follows that field
if its namespace ends with a slash; otherwise, as in the reference implementation, it is among the others at the end.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.times import NotATime, read_time, write_time
from linkxg.network.epcis.documents.vocabulary import (
    BIZ_STEP,
    COMPONENT,
    DISPOSITION,
    MEASUREMENT,
    PARTY_TYPE,
    TRANSACTION_TYPE,
    Vocabulary,
)

_COMMENTS = frozenset({"comment", "rdfs:comment"})
_LEFT_OUT = _COMMENTS | {"type", "recordTime", "eventID", "errorDeclaration", "@context"}
_CBV_URNS = {
    "urn:epcglobal:cbv:bizstep:": "https://ref.gs1.org/cbv/BizStep-",
    "urn:epcglobal:cbv:disp:": "https://ref.gs1.org/cbv/Disp-",
    "urn:epcglobal:cbv:btt:": "https://ref.gs1.org/cbv/BTT-",
    "urn:epcglobal:cbv:sdt:": "https://ref.gs1.org/cbv/SDT-",
    "urn:epcglobal:cbv:er:": "https://ref.gs1.org/cbv/ER-",
}
# These need no escape in a Digital Link, but have one in the form by which we compare items.
_UNESCAPED = {"%27": "'", "%3B": ";", "%3D": "="}

Text = Callable[[Any], str]


def event_hash(event: dict[str, Any], contexts: Contexts) -> str:
    """The id of a valid event, as a URI of RFC 6920."""
    return hash_uri(hashlib.sha256(hash_text(event, contexts).encode()).digest())


def hash_uri(digest: bytes) -> str:
    return f"ni:///sha-256;{digest.hex()}?ver=CBV2.0"


def hash_text(event: dict[str, Any], contexts: Contexts) -> str:
    """The text that is hashed."""
    ordered = ["eventType=", event["type"]]
    others: list[str] = []
    standard, extensions = (_in_order if len(event) <= _FEW else _uncached_order)(tuple(event))
    for name, write in standard:
        write(name, event[name], contexts, ordered, others)
    for name in extensions:
        if name not in contexts.ignored:
            others += _entries(name, event[name], contexts)
    others.sort()
    return "".join(ordered) + "".join(others)


# How standard fields are written: each appends to the ordered texts, or to the others.


def _plain(text: Text) -> Callable[..., None]:
    def write(name: str, value: Any, contexts: Contexts, ordered: list[str], others: list[str]) -> None:
        if isinstance(value, list):
            ordered += sorted([f"{name}={text(one)}" for one in value])
        elif written := text(value):
            ordered.append(f"{name}={written}")

    return write


def _word(vocabulary: Vocabulary) -> Callable[..., None]:
    def write(name: str, value: str, contexts: Contexts, ordered: list[str], others: list[str]) -> None:
        text = _value(vocabulary.full(contexts.expand_value(value))) if ":" in value else vocabulary.uri + value
        ordered.append(f"{name}={text}")

    return write


def _epcs(name: str, value: list[str], contexts: Contexts, ordered: list[str], others: list[str]) -> None:
    if value:
        ordered.append(name)
        ordered += sorted(["epc=" + _identifier(epc) for epc in value])


def _quantities(
    name: str, value: list[dict[str, Any]], contexts: Contexts, ordered: list[str], others: list[str]
) -> None:
    if value:
        ordered.append(name)
        ordered += sorted(
            [
                "quantityElement" + "".join([f"{part}={_value(one[part])}" for part in _QUANTITY if part in one])
                for one in value
            ]
        )


def _pairs(member: str, types: Vocabulary) -> Callable[..., None]:
    def write(
        name: str, value: list[dict[str, Any]], contexts: Contexts, ordered: list[str], others: list[str]
    ) -> None:
        if value:
            written = sorted(
                [
                    (f"type={types.full(contexts.expand_value(one['type']))}" if "type" in one else "")
                    + f"{member}={_identifier(one[member])}"
                    for one in value
                ]
            )
            others.append(name + "".join(written))

    return write


def _place(name: str, value: dict[str, Any], contexts: Contexts, ordered: list[str], others: list[str]) -> None:
    if len(value) == 1:
        ordered += (name, "id=", _identifier(value["id"]))
        return
    written, left = _members(value, _PLACE, contexts)
    ordered += (name, written)
    if left:
        others.append(name + left)


def _sensors(name: str, value: list[dict[str, Any]], contexts: Contexts, ordered: list[str], others: list[str]) -> None:
    found = [_members(one, _SENSOR_ELEMENT, contexts) for one in value]
    if written := sorted(["sensorElement" + text for text, _ in found if text]):
        ordered.append(name)
        ordered += written
    if left := sorted(["sensorElement" + rest for _, rest in found if rest]):
        others.append(name + "".join(left))


def _members(value: dict[str, Any], fields: dict[str, Any], contexts: Contexts) -> tuple[str, str]:
    """The text of an object with standard fields, and that of its members which go to the end."""
    ordered: list[str] = []
    left: list[str] = []
    for name, write in fields.items():
        if name not in value:
            continue
        if isinstance(write, dict):
            found = value[name]
            texts = [_members(one, write, contexts) for one in (found if isinstance(found, list) else [found])]
            ordered += sorted([name + text for text, _ in texts if text])
            left += [name + rest for _, rest in texts if rest]
        else:
            member = value[name]
            written = write(contexts.expand_value(member) if name in _WORDS else member)
            if written:
                ordered.append(f"{name}={written}")
    extras = [name for name in value if name not in fields and name not in _COMMENTS]
    if extras:
        names = {name: hashed_name(name, contexts) for name in extras}
        alone = len(value) == 1 and not (isinstance(value[extras[0]], list) and len(value[extras[0]]) > 1)
        within = not alone and not any("eventTime" in name or "action" in name for name in (*value, *names.values()))
        inline: list[str] = []
        for name in extras:
            follows = within and names[name].startswith("{") and "/}" in names[name]
            (inline if follows else left).extend(_entries(name, value[name], contexts))
        ordered += sorted(inline)
    left.sort()
    return "".join(ordered), "".join(left)


# Extensions.


def _entries(name: str, value: Any, contexts: Contexts) -> list[str]:
    """The texts of a member that is not standard; a list is that many members."""
    hashed = hashed_name(name, contexts)
    values = value if isinstance(value, list) else [value]
    if hashed.endswith("List") and values:
        inner = sorted([_entry(hashed.removesuffix("List"), one, contexts) for one in values])
        return [hashed + "".join(inner)]
    return [_entry(hashed, one, contexts) for one in values]


def _entry(hashed: str, value: Any, contexts: Contexts) -> str:
    if isinstance(value, dict):
        members: list[str] = []
        for name, member in value.items():
            if name not in _COMMENTS and name != "#text" and not name.startswith("@xmlns"):
                members += _entries(name, member, contexts)
        if not ("bizTransaction" in value or "source" in value or "destination" in value):
            members.sort()
        text = _extension(value["#text"], contexts) if "#text" in value else ""
        return hashed + (f"={text}" if text else "") + "".join(members)
    if isinstance(value, list):
        return hashed + "".join(sorted([_entry("", one, contexts) for one in value]))
    text = _extension(value, contexts)
    return f"{hashed}={text}" if text else hashed


def hashed_name(name: str, contexts: Contexts) -> str:
    """The name of an extension field with its namespace in braces; the name itself if it has no prefix."""
    prefix, colon, local = name.partition(":")
    namespace = contexts.prefixes.get(prefix) if colon else None
    return name if namespace is None else f"{{{namespace}}}{local}"


def _extension(value: Any, contexts: Contexts) -> str:
    if isinstance(value, str):
        value = contexts.expand_value(value)
    return _value(value)


# Values in their normal form.


def _value(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    text = value.strip() if isinstance(value, str) else str(value)
    if "urn:epcglobal:cbv:" in text:
        for urn, uri in _CBV_URNS.items():
            text = text.replace(urn, uri)
    first = text[:1]
    if first in "+-." or first.isdecimal():
        return _number(text)
    return _identifier(text) if ":" in text else text


def _number(text: str) -> str:
    """Without leading and trailing zeros; integers keep all of their digits."""
    try:
        if text.isdecimal():
            return str(int(text))
        number = float(text)
        return str(int(number)) if number == int(number) else str(number)
    except (ValueError, OverflowError):
        return text


def _identifier(text: str) -> str:
    found = identify(text)
    if isinstance(found, NotAnIdentifier):
        return text
    uri = found.uri
    if "%" in uri and uri is not text:
        for escape, character in _UNESCAPED.items():
            uri = uri.replace(escape, character)
    return uri


def _time(value: str) -> str:
    try:
        return write_time(read_time(value))
    except NotATime:
        return value


_WORDS = frozenset({"type", "exception", "component"})
_QUANTITY = ("epcClass", "quantity", "uom")
_PLACE: dict[str, Text] = {"id": _identifier}
_SENSOR_METADATA: dict[str, Text] = {
    "time": _time,
    "startTime": _time,
    "endTime": _time,
    "deviceID": _value,
    "deviceMetadata": _value,
    "rawData": _value,
    "dataProcessingMethod": _value,
    "bizRules": _value,
}
_SENSOR_REPORT: dict[str, Text] = {
    "type": MEASUREMENT.full,
    "exception": MEASUREMENT.full,
    "deviceID": _value,
    "deviceMetadata": _value,
    "rawData": _value,
    "dataProcessingMethod": _value,
    "time": _time,
    "microorganism": _value,
    "chemicalSubstance": _value,
    "value": _value,
    "component": COMPONENT.full,
    "stringValue": _value,
    "booleanValue": _value,
    "hexBinaryValue": _value,
    "uriValue": _value,
    "minValue": _value,
    "maxValue": _value,
    "meanValue": _value,
    "sDev": _value,
    "percRank": _value,
    "percValue": _value,
    "uom": _value,
    "coordinateReferenceSystem": _value,
}
_SENSOR_ELEMENT = {"sensorMetadata": _SENSOR_METADATA, "sensorReport": _SENSOR_REPORT}


def _dispositions(
    name: str, value: dict[str, list[str]], contexts: Contexts, ordered: list[str], others: list[str]
) -> None:
    ordered.append(name)
    for part in ("set", "unset"):
        ordered += sorted([f"{part}={DISPOSITION.full(contexts.expand_value(one))}" for one in value.get(part, ())])


_EVENT: dict[str, Callable[..., None]] = {
    "eventTime": _plain(_time),
    "eventTimeZoneOffset": _plain(str),
    "certificationInfo": _plain(_value),
    "parentID": _plain(_identifier),
    "epcList": _epcs,
    "inputEPCList": _epcs,
    "childEPCs": _epcs,
    "quantityList": _quantities,
    "childQuantityList": _quantities,
    "inputQuantityList": _quantities,
    "outputEPCList": _epcs,
    "outputQuantityList": _quantities,
    "action": _plain(str),
    "transformationID": _plain(_identifier),
    "bizStep": _word(BIZ_STEP),
    "disposition": _word(DISPOSITION),
    "persistentDisposition": _dispositions,
    "readPoint": _place,
    "bizLocation": _place,
    "bizTransactionList": _pairs("bizTransaction", TRANSACTION_TYPE),
    "sourceList": _pairs("source", PARTY_TYPE),
    "destinationList": _pairs("destination", PARTY_TYPE),
    "sensorElementList": _sensors,
}
_KNOWN = _EVENT.keys() | _LEFT_OUT
_FEW, _KEPT = 30, 64


def _uncached_order(names: tuple[str, ...]) -> tuple[list[tuple[str, Callable[..., None]]], list[str]]:
    """(the standard fields of an event in the order of the CBV, its other fields)."""
    given = frozenset(names)
    standard = [(name, write) for name, write in _EVENT.items() if name in given]
    return standard, [name for name in names if name not in _KNOWN]


# Most events of a document have the same fields. Names are bounded before this, and so is their number.
_in_order = lru_cache(_KEPT)(_uncached_order)
