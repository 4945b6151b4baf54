"""Sentences for the errors of the JSON schema.

The schema allows «one of these forms» in many places, where its own error only lists the forms; what a sender needs to
know follows from the name of the member.
"""

import re
from collections.abc import Iterator
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from linkxg.network.epcis.documents.model import EventFault
from linkxg.network.epcis.documents.vocabulary import (
    BIZ_STEP,
    COMPONENT,
    DISPOSITION,
    ERROR_REASON,
    MEASUREMENT,
    PARTY_TYPE,
    TRANSACTION_TYPE,
    Vocabulary,
)

_SHOWN = 60
_MAX_POINTER, _MAX_POINTER_NAME = 500, 200
_ZONED = re.compile(r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$")
_LOOKS_LIKE_A_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_LISTS = {
    "bizTransactionList": TRANSACTION_TYPE,
    "sourceList": PARTY_TYPE,
    "destinationList": PARTY_TYPE,
    "sensorElementList": MEASUREMENT,
}
_WORDS = {
    "bizStep": BIZ_STEP,
    "disposition": DISPOSITION,
    "persistentDisposition": DISPOSITION,
    "reason": ERROR_REASON,
    "component": COMPONENT,
    "exception": MEASUREMENT,
}
_CONTENTS = {
    "ObjectEvent": "An ObjectEvent needs epcList or quantityList, or sensorElementList with a readPoint.",
    "TransactionEvent": "A TransactionEvent needs epcList or quantityList, unless its action is DELETE.",
    "AggregationEvent": "An AggregationEvent needs childEPCs or childQuantityList, unless its action is DELETE.",
    "AssociationEvent": "An AssociationEvent needs childEPCs or childQuantityList, unless its action is DELETE.",
    "TransformationEvent": "A TransformationEvent needs inputs and outputs, or one of them and a transformationID.",
}


def describe(event: dict[str, Any], error: ValidationError) -> Iterator[EventFault]:
    """The faults that an error of the schema stands for."""
    path = list(error.instance_path)
    pointer = to_pointer(path)
    kind = error.kind
    match kind:
        case ValidationErrorKind.Required():
            yield EventFault(f"{pointer}/{kind.property}", "required", f"{kind.property} is required here.")
        case ValidationErrorKind.AdditionalProperties():
            for name in kind.unexpected:
                yield EventFault(to_pointer([*path, name]), "unknown_field", f"{_show(name)} is not allowed here.")
        case ValidationErrorKind.PropertyNames():
            yield from _unknown_names(error.instance, kind.error, path)
        case ValidationErrorKind.Format():
            yield EventFault(pointer, *_format(kind.format, error.instance))
        case ValidationErrorKind.AnyOf() if not path:
            yield _contents(event)
        case ValidationErrorKind.AnyOf():
            yield _any_of(path, pointer, error.instance)
        case ValidationErrorKind.Enum():
            yield EventFault(pointer, "invalid_value", f"It must be one of {', '.join(map(str, kind.options))}.")
        case ValidationErrorKind.Pattern() if path[-1] == "eventTimeZoneOffset":
            message = "An offset has a sign and two digits each for hours and minutes, at most 14:00, such as +05:30."
            yield EventFault(pointer, "invalid_offset", message)
        case ValidationErrorKind.Pattern():
            what = {"uom": "a unit code of UN/CEFACT Recommendation 20, such as KGM", "hexBinaryValue": "hexadecimal"}
            yield EventFault(pointer, "invalid_value", f"It must be {what.get(str(path[-1]), 'in the right form')}.")
        case ValidationErrorKind.UniqueItems():
            yield EventFault(pointer, "duplicate", "An entry is repeated.")
        case ValidationErrorKind.MinItems():
            yield EventFault(pointer, "empty", "It must have at least one entry.")
        case ValidationErrorKind.Type():
            yield EventFault(pointer, "wrong_type", f"It must be {_type_name(error)}.")
        case _:
            yield EventFault(pointer, "invalid_value", "This is not valid according to the EPCIS schema.")


def to_pointer(path: list[str | int]) -> str:
    """A JSON pointer (RFC 6901), shortened if it is very long."""
    pointer = ""
    for part in path:
        pointer = below(pointer, str(part))
    return pointer


def below(pointer: str, name: str) -> str:
    """The pointer to a member of what `pointer` stands for; what is very deep has that of what is around it."""
    if len(pointer) > _MAX_POINTER:
        return pointer
    return f"{pointer}/{name[:_MAX_POINTER_NAME].replace('~', '~0').replace('/', '~1')}"


def _unknown_names(instance: Any, error: ValidationError, path: list[str | int]) -> Iterator[EventFault]:
    name = str(error.instance)
    message = (
        f"{_show(name)} is not known here. The name of an extension needs a prefix that @context declares, such as"
        " example:myField."
    )
    yield EventFault(to_pointer([*path, name]), "unknown_field", message)


def _format(format: str, value: Any) -> tuple[str, str]:
    if format != "date-time":
        return "invalid_uri", f"{_show(value)} is not an absolute URI."
    text = str(value)
    if not _LOOKS_LIKE_A_TIME.fullmatch(text):
        return "invalid_time", "A time must look like 2026-11-28T10:30:00.000Z or 2026-11-28T11:30:00+01:00."
    if not _ZONED.search(text):
        return "time_without_zone", "The time has no zone; add Z or an offset such as +01:00."
    return "no_such_time", f"{_show(text)} does not exist in the calendar."


def _contents(event: dict[str, Any]) -> EventFault:
    name = str(event.get("type"))
    if "ilmd" in event and event.get("action") in ("OBSERVE", "DELETE"):
        return EventFault("/ilmd", "ilmd_not_allowed", "ilmd is only allowed where the action is ADD.")
    return EventFault("", "incomplete", _CONTENTS[name])


def _any_of(path: list[str | int], pointer: str, value: Any) -> EventFault:
    if path == ["persistentDisposition"]:
        return EventFault(pointer, "required", "persistentDisposition needs set or unset.")
    vocabulary = _WORDS.get(str(path[-1])) or _WORDS.get(str(path[0])) or _LISTS.get(str(path[0]))
    if path[-1] == "reason":
        vocabulary = ERROR_REASON
    if vocabulary is None or not isinstance(value, str):
        return EventFault(pointer, "invalid_value", "This is not valid according to the EPCIS schema.")
    return EventFault(pointer, "unknown_word", _unknown_word(vocabulary, value))


def _unknown_word(vocabulary: Vocabulary, value: str) -> str:
    word = vocabulary.bare(value)
    if word != value:
        return f"{_show(value)} is the form of XML and of linked data; in JSON write {word}."
    return f"{_show(value)} is neither a word of the standard for this field nor an absolute URI."


def _type_name(error: ValidationError) -> str:
    names = getattr(error.kind, "types", None) or [str(error.kind.value)]
    articles = {
        "array": "an array",
        "object": "an object",
        "string": "a string",
        "number": "a number",
        "boolean": "true or false",
    }
    return " or ".join(articles.get(str(name), str(name)) for name in names)


def _show(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
