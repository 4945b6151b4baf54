"""The names of parameters, fixed ones and those that are made of the name of a type, a unit or an extension field."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, cast

from linkxg.clock import rfc3339
from linkxg.network.epcis.documents.model import ACTIONS, EVENT_TYPES, ItemRole
from linkxg.network.epcis.documents.units import to_base_unit
from linkxg.network.epcis.documents.vocabulary import (
    BIZ_STEP,
    DISPOSITION,
    ERROR_REASON,
    MEASUREMENT,
    PARTY_TYPE,
    TRANSACTION_TYPE,
    Vocabulary,
)
from linkxg.network.epcis.query import parameter_values as read
from linkxg.network.epcis.query.model import (
    ColumnIn,
    ComparisonOperator,
    Condition,
    DeclarationTimeIs,
    IsDeclaration,
    ItemsMatch,
    Match,
    QuantityIs,
    Refused,
    TextColumn,
    TimeColumn,
    TimeIs,
    ValueExists,
    ValueIn,
    ValueIs,
)
from linkxg.network.epcis.query.parameter_values import BadValue, Prefixes, Values

Reader = Callable[[Values], list[Condition]]
_COMPARISONS: tuple[ComparisonOperator, ...] = ("EQ", "GT", "GE", "LT", "LE")
# The extension of a GLN: a place within the place.
_WITHIN = "/254/"


def _texts(column: TextColumn, values: Values) -> list[Condition]:
    return [ColumnIn(column, Match(read.read_texts(values)))]


def _words(column: TextColumn, vocabulary: Vocabulary, values: Values) -> list[Condition]:
    return [ColumnIn(column, Match(read.read_words(values, vocabulary)))]


def _event_types(values: Values) -> list[Condition]:
    found = read.read_texts(values)
    # The name of an extension type is a URI; no such event is stored.
    if any(":" not in one and one not in EVENT_TYPES for one in found):
        raise BadValue(f"must be one of {', '.join(EVENT_TYPES)}, or the URI of an extension type.")
    return [ColumnIn("type", Match(found))]


def _actions(values: Values) -> list[Condition]:
    return [ColumnIn("action", Match(read.read_choices(values, ACTIONS)))]


def _places(column: TextColumn, values: Values) -> list[Condition]:
    return [ColumnIn(column, Match(read.read_uris(values)))]


def _places_within(column: TextColumn, values: Values) -> list[Condition]:
    """Without master data the places within a place are those that its GLN says: its extensions."""
    uris = read.read_uris(values)
    return [ColumnIn(column, Match(uris, tuple(uri + _WITHIN for uri in uris if "/414/" in uri)))]


def _time(column: TimeColumn, comparison: ComparisonOperator, values: Values) -> list[Condition]:
    return [TimeIs(column, comparison, read.read_milliseconds(values))]


def _declaration_time(comparison: ComparisonOperator, values: Values) -> list[Condition]:
    return [DeclarationTimeIs(comparison, rfc3339(read.read_milliseconds(values)))]


def _is_asked(values: Values) -> bool:
    """`false` is the same as no parameter; in JSON a null or a number asks as well."""
    if len(values) == 1 and (values[0] in (None, "") or (isinstance(values[0], int) and values[0] is not False)):
        return True
    return read.read_boolean(values)


def _is_declaration(values: Values) -> list[Condition]:
    return [IsDeclaration()] if _is_asked(values) else []


def _items(roles: tuple[ItemRole, ...], is_class: bool | None, values: Values) -> list[Condition]:
    return [ItemsMatch(roles, is_class, read.read_patterns(values))]


def _quantity(comparison: ComparisonOperator, uom: str | None, values: Values) -> list[Condition]:
    numbers = read.read_numbers(values) if comparison == "EQ" else (read.read_number(values),)
    return [QuantityIs(comparison, numbers, uom)]


def _value_time(name: str, comparison: ComparisonOperator, values: Values) -> list[Condition]:
    return [ValueIs(name, comparison, float(read.read_milliseconds(values)))]


def _value_words(name: str, vocabulary: Vocabulary, values: Values) -> list[Condition]:
    return [ValueIn(name, read.read_words(values, vocabulary))]


def _value_uris(name: str, values: Values) -> list[Condition]:
    return [ValueIn(name, read.read_uris(values))]


def _value_texts(name: str, values: Values) -> list[Condition]:
    return [ValueIn(name, read.read_texts(values))]


def _value_boolean(name: str, values: Values) -> list[Condition]:
    return [ValueIn(name, ("true" if read.read_boolean(values) else "false",))]


def _value_exists(name: str, values: Values) -> list[Condition]:
    return [ValueExists(name)] if _is_asked(values) else []


def _sensor_value(kind: str, comparison: ComparisonOperator, uom: str, values: Values) -> list[Condition]:
    """Values of sensors are compared in the base unit."""
    numbers = read.read_numbers(values) if comparison == "EQ" else (read.read_number(values),)
    converted = [to_base_unit(number, uom, difference=kind == "sDev") for number in numbers]
    name = f"{kind}_{converted[0][1]}"
    if comparison == "EQ":
        return [ValueIn(name, (), tuple(number for number, _ in converted))]
    return [ValueIs(name, comparison, converted[0][0])]


def _extension(name: str, comparison: ComparisonOperator, values: Values) -> list[Condition]:
    if comparison != "EQ":
        return [ValueIs(name, comparison, read.read_comparable(values))]
    texts = ["true" if one is True else "false" if one is False else str(one) for one in values]
    numbers = [number for one in values if (number := read.number_of(one)) is not None]
    numbers += [float(at) for one in texts if (at := read.milliseconds_of(one)) is not None]
    return [ValueIn(name, tuple(dict.fromkeys(texts)), tuple(numbers))]


_ALL = tuple(ItemRole)
_OBJECTS = (ItemRole.OBSERVED, ItemRole.CHILD)
_MATCHES: dict[str, tuple[tuple[ItemRole, ...], bool | None]] = {
    "MATCH_epc": (_OBJECTS, False),
    "MATCH_parentID": ((ItemRole.PARENT,), False),
    "MATCH_inputEPC": ((ItemRole.INPUT,), False),
    "MATCH_outputEPC": ((ItemRole.OUTPUT,), False),
    "MATCH_anyEPC": (_ALL, False),
    "MATCH_epcClass": (_OBJECTS, True),
    "MATCH_inputEPCClass": ((ItemRole.INPUT,), True),
    "MATCH_outputEPCClass": ((ItemRole.OUTPUT,), True),
    "MATCH_anyEPCClass": (_ALL, True),
}


def _fixed() -> Iterator[tuple[str, Reader]]:
    yield "eventType", _event_types
    yield "EQ_action", _actions
    yield "EQ_bizStep", partial(_words, "biz_step", BIZ_STEP)
    yield "EQ_disposition", partial(_words, "disposition", DISPOSITION)
    yield "EQ_errorReason", partial(_words, "error_reason", ERROR_REASON)
    yield "EQ_eventID", partial(_texts, "event_id")
    yield "EQ_transformationID", partial(_texts, "transformation_id")
    for change in ("set", "unset"):
        name = f"persistentDisposition_{change}"
        yield f"EQ_{name}", partial(_value_words, name, DISPOSITION)
    for place, column in (("readPoint", "read_point"), ("bizLocation", "biz_location")):
        yield f"EQ_{place}", partial(_places, cast(TextColumn, column))
        yield f"WD_{place}", partial(_places_within, cast(TextColumn, column))
    for name, (roles, is_class) in _MATCHES.items():
        yield name, partial(_items, roles, is_class)
    yield "EXISTS_errorDeclaration", _is_declaration
    yield "EXISTS_sensorElementList", partial(_value_exists, "sensorElementList")
    yield "EQ_correctiveEventID", partial(_value_texts, "correctiveEventID")
    yield "EQ_type", partial(_value_words, "type", MEASUREMENT)
    for name in ("deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue"):
        yield f"EQ_{name}", partial(_value_uris, name)
    for name in ("stringValue", "hexBinaryValue"):
        yield f"EQ_{name}", partial(_value_texts, name)
    yield "EQ_booleanValue", partial(_value_boolean, "booleanValue")
    for comparison in _COMPARISONS:
        yield f"{comparison}_quantity", partial(_quantity, comparison, None)
    bounds: tuple[Literal["GE", "LT"], ...] = ("GE", "LT")
    for bound in bounds:
        yield f"{bound}_eventTime", partial(_time, "event_time", bound)
        yield f"{bound}_recordTime", partial(_time, "record_time", bound)
        # The schema of named queries writes it with an underscore.
        yield f"{bound}_errorDeclarationTime", partial(_declaration_time, bound)
        yield f"{bound}_errorDeclaration_Time", partial(_declaration_time, bound)
        for name in ("time", "startTime", "endTime"):
            yield f"{bound}_{name}", partial(_value_time, name, bound)


_FIXED: dict[str, Reader] = dict(_fixed())
_TYPED = {
    "EQ_bizTransaction_": (TRANSACTION_TYPE, "bizTransaction_"),
    "EQ_source_": (PARTY_TYPE, "source_"),
    "EQ_destination_": (PARTY_TYPE, "destination_"),
}
_IN_UNIT = re.compile(r"(EQ|GT|GE|LT|LE)_(value|minValue|maxValue|meanValue|percValue|sDev|quantity)_([A-Z0-9]{2,4})")
_PLACES = "ILMD|ERROR_DECLARATION|SENSORELEMENT|SENSORMETADATA|SENSORREPORT|readPoint|bizLocation"
_FIELD = re.compile(rf"(EQ|GT|GE|LT|LE|EXISTS)_(INNER_)?((?:{_PLACES})_)?(.+)", re.DOTALL)
_UNSUPPORTED = re.compile(r"(HASATTR|EQATTR|EQ_ATTR)_.+|(EQ|GT|GE|LT|LE)_percRank", re.DOTALL)


def find_reader(name: str, prefixes: Prefixes) -> Reader | Refused | None:
    """What reads the values of a parameter; None if the standard has no such parameter."""
    fixed = _FIXED.get(name)
    if fixed is not None:
        return fixed
    for start, (vocabulary, kind) in _TYPED.items():
        if name.startswith(start) and len(name) > len(start):
            return partial(_value_uris, kind + vocabulary.bare(name[len(start) :]))
    if (found := _IN_UNIT.fullmatch(name)) is not None:
        comparison, kind, uom = cast(ComparisonOperator, found[1]), found[2], found[3]
        return (
            partial(_quantity, comparison, uom) if kind == "quantity" else partial(_sensor_value, kind, comparison, uom)
        )
    if _UNSUPPORTED.fullmatch(name):
        return Refused(name, "", is_unsupported=True)
    return _field_reader(name, prefixes)


def _field_reader(name: str, prefixes: Prefixes) -> Reader | Refused | None:
    found = _FIELD.fullmatch(name)
    if found is None or ":" not in found[4]:
        return None
    operator, inner, place, field = found.groups(default="")
    try:
        indexed = inner + place + read.read_extension_name(field, prefixes, "")
    except BadValue:
        return Refused(
            name,
            f"The prefix in {read.shown(name)} is unknown; name it in the header GS1-Extensions, or write the field as "
            "its URI.",
        )
    if operator == "EXISTS":
        return partial(_value_exists, indexed)
    return partial(_extension, indexed, cast(ComparisonOperator, operator))
