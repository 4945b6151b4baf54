"""Rules of EPCIS 2.0 and CBV 2.0 that the JSON schema does not express."""

from collections.abc import Iterator
from typing import Any

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.model import MAX_URI, EventFault
from linkxg.network.epcis.documents.schema_faults import below
from linkxg.network.epcis.documents.times import NotATime, read_time

MAX_WORD = 255
_LENGTHS = (("eventID", MAX_URI), ("transformationID", MAX_URI), ("bizStep", MAX_WORD), ("disposition", MAX_WORD))
_MEASURED = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
_SAYS_SOMETHING = frozenset(
    (*_MEASURED, "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "exception", "rawData")
)
# In the metadata, or in the reports, but not in both (EPCIS 2.0 §7.3.7.1).
_SHARED = ("time", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")


def check_rules(event: dict[str, Any]) -> list[EventFault]:
    """What is wrong with an event that is valid by the schema, its items and names apart."""
    faults: list[EventFault] = []
    _check_times(event, faults)
    for name, most in _LENGTHS:
        if name in event and len(event[name]) > most:
            faults.append(EventFault(f"/{name}", "too_long", f"It must have at most {most} characters."))
    if event["type"] == "AggregationEvent" and event["action"] != "OBSERVE" and "parentID" not in event:
        message = f"parentID is required where the action is {event['action']}; only an observation may lack it."
        faults.append(EventFault("/parentID", "required", message))
    if event["type"] == "ObjectEvent" and not (
        event.get("epcList") or event.get("quantityList") or event.get("sensorElementList")
    ):
        faults.append(EventFault("", "incomplete", "epcList, quantityList and sensorElementList are all empty."))
    for name in ("readPoint", "bizLocation"):
        if name in event:
            _check_uri(event[name]["id"], f"/{name}/id", faults)
    for name, member in (("sourceList", "source"), ("destinationList", "destination")):
        for place, one in enumerate(event.get(name, ())):
            _check_uri(one[member], f"/{name}/{place}/{member}", faults)
    for place, element in enumerate(event.get("sensorElementList", ())):
        _check_sensor(element, f"/sensorElementList/{place}", faults)
    return faults


def _check_times(event: dict[str, Any], faults: list[EventFault]) -> None:
    _check_time(event["eventTime"], "/eventTime", faults)
    if "recordTime" in event:
        _check_time(event["recordTime"], "/recordTime", faults)
    declaration = event.get("errorDeclaration")
    if declaration is not None:
        _check_time(declaration["declarationTime"], "/errorDeclaration/declarationTime", faults)
        if len(declaration.get("reason", "")) > MAX_WORD:
            message = f"It must have at most {MAX_WORD} characters."
            faults.append(EventFault("/errorDeclaration/reason", "too_long", message))


def _check_time(text: str, pointer: str, faults: list[EventFault]) -> None:
    try:
        read_time(text)
    except NotATime:
        # The schema accepts leap seconds and the year 0.
        message = "This time cannot be represented; leap seconds are not supported."
        faults.append(EventFault(pointer, "no_such_time", message))


def _check_uri(uri: str, pointer: str, faults: list[EventFault]) -> None:
    found = identify(uri)
    if isinstance(found, NotAnIdentifier):
        faults.append(EventFault(pointer, "invalid_identifier", str(found)))


def _check_sensor(element: dict[str, Any], pointer: str, faults: list[EventFault]) -> None:
    metadata = element.get("sensorMetadata", {})
    for name in ("time", "startTime", "endTime"):
        if name in metadata:
            _check_time(metadata[name], f"{pointer}/sensorMetadata/{name}", faults)
    # Metadata of a period are of the whole series, and the members of a report of its own value: decision 0030.
    shared = () if {"startTime", "endTime"} <= metadata.keys() else _SHARED
    for place, report in enumerate(element["sensorReport"]):
        where = f"{pointer}/sensorReport/{place}"
        if "time" in report:
            _check_time(report["time"], f"{where}/time", faults)
        for name in shared:
            if name in metadata and name in report:
                message = f"{name} is in sensorMetadata as well; it must be in one of the two."
                faults.append(EventFault(f"{where}/{name}", "given_twice", message))
        if "value" in report and "uom" not in report:
            faults.append(EventFault(f"{where}/uom", "required", "A value needs uom, the code of its unit."))
        if _SAYS_SOMETHING.isdisjoint(report):
            message = "The report has neither a value nor an exception nor raw data, so it says nothing."
            faults.append(EventFault(where, "empty", message))


def check_names(value: Any, contexts: Contexts, pointer: str = "") -> Iterator[EventFault]:
    """The names with a prefix that no context declares; every name with a colon is that of an extension."""
    if isinstance(value, dict):
        for name, member in value.items():
            if ":" in name and not name.startswith("@") and contexts.expand(name) is None:
                prefix = name.partition(":")[0]
                message = (
                    f"The prefix {prefix[:40]} is not declared by @context; contexts on other servers are not read."
                )
                yield EventFault(below(pointer, name), "unknown_prefix", message)
            if isinstance(member, dict | list) and name != "@context":
                yield from check_names(member, contexts, below(pointer, name))
    elif value and isinstance(value[0], dict | list):
        for place, member in enumerate(value):
            if isinstance(member, dict | list):
                yield from check_names(member, contexts, below(pointer, str(place)))
