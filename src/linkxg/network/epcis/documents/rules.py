"""Rules of EPCIS 2.0 and CBV 2.0 that the JSON schema does not express."""

from collections.abc import Iterator
from typing import Any

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.items import normal_uri
from linkxg.network.epcis.documents.model import EventFault
from linkxg.network.epcis.documents.times import NotATime, read_time

MAX_WORD = 255
MAX_URI = 2_000
_MEASURED = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
_SAYS_SOMETHING = (
    *_MEASURED,
    "component",
    "stringValue",
    "booleanValue",
    "hexBinaryValue",
    "uriValue",
    "exception",
    "rawData",
)
# In the metadata, or in each report, but not in both (EPCIS 2.0 §7.3.7).
_SHARED = ("time", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")


def check_rules(event: dict[str, Any], contexts: Contexts) -> Iterator[EventFault]:
    """What is wrong with an event that is valid by the schema, its items apart."""
    yield from _check_times(event)
    yield from _check_lengths(event)
    if event["type"] == "AggregationEvent" and event["action"] != "OBSERVE" and "parentID" not in event:
        message = (
            f"parentID is required where the action is {event['action']}: without it nobody knows what was packed."
        )
        yield EventFault("/parentID", "required", message)
    if event["type"] == "ObjectEvent" and not any(
        event.get(name) for name in ("epcList", "quantityList", "sensorElementList")
    ):
        yield EventFault("", "incomplete", "epcList, quantityList and sensorElementList are all empty.")
    for name in ("readPoint", "bizLocation"):
        if name in event:
            yield from _check_uri(event[name]["id"], f"/{name}/id")
    for name, member in (("sourceList", "source"), ("destinationList", "destination")):
        for place, one in enumerate(event.get(name, ())):
            yield from _check_uri(one[member], f"/{name}/{place}/{member}")
    for place, element in enumerate(event.get("sensorElementList", ())):
        yield from _check_sensor(element, f"/sensorElementList/{place}")
    yield from _check_names(event, contexts, "")


def _check_times(event: dict[str, Any]) -> Iterator[EventFault]:
    for name in ("eventTime", "recordTime"):
        if name in event:
            yield from _check_time(event[name], f"/{name}")
    declaration = event.get("errorDeclaration")
    if declaration is not None:
        yield from _check_time(declaration["declarationTime"], "/errorDeclaration/declarationTime")


def _check_time(text: str, pointer: str) -> Iterator[EventFault]:
    try:
        read_time(text)
    except NotATime:
        # The schema accepts leap seconds and the year 0.
        yield EventFault(pointer, "no_such_time", "This time cannot be represented; leap seconds are not supported.")


def _check_lengths(event: dict[str, Any]) -> Iterator[EventFault]:
    for name, most in (
        ("eventID", MAX_URI),
        ("transformationID", MAX_URI),
        ("bizStep", MAX_WORD),
        ("disposition", MAX_WORD),
    ):
        if name in event and len(event[name]) > most:
            yield EventFault(f"/{name}", "too_long", f"It must have at most {most} characters.")
    reason = event.get("errorDeclaration", {}).get("reason")
    if reason is not None and len(reason) > MAX_WORD:
        yield EventFault("/errorDeclaration/reason", "too_long", f"It must have at most {MAX_WORD} characters.")


def _check_uri(uri: str, pointer: str) -> Iterator[EventFault]:
    try:
        normal_uri(uri)
    except NotAnIdentifier as error:
        yield EventFault(pointer, "invalid_identifier", str(error))


def _check_sensor(element: dict[str, Any], pointer: str) -> Iterator[EventFault]:
    metadata = element.get("sensorMetadata", {})
    for name in ("time", "startTime", "endTime"):
        if name in metadata:
            yield from _check_time(metadata[name], f"{pointer}/sensorMetadata/{name}")
    for place, report in enumerate(element["sensorReport"]):
        where = f"{pointer}/sensorReport/{place}"
        if "time" in report:
            yield from _check_time(report["time"], f"{where}/time")
        for name in _SHARED:
            if name in metadata and name in report:
                message = f"{name} is in sensorMetadata as well; it must be in one of the two."
                yield EventFault(f"{where}/{name}", "given_twice", message)
        if "value" in report and "uom" not in report:
            yield EventFault(f"{where}/uom", "required", "A value needs uom, the code of its unit.")
        if not any(name in report for name in _SAYS_SOMETHING):
            yield EventFault(
                where, "empty", "The report has neither a value nor an exception nor raw data, so it says nothing."
            )


def _check_names(value: Any, contexts: Contexts, pointer: str) -> Iterator[EventFault]:
    """Every name with a colon is the name of an extension, whose prefix must be known."""
    if isinstance(value, dict):
        for name, member in value.items():
            if ":" in name and not name.startswith("@") and contexts.expand(name) is None:
                prefix = name.partition(":")[0]
                message = (
                    f"The prefix {prefix[:40]} is not declared by @context; contexts on other servers are not read."
                )
                yield EventFault(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", "unknown_prefix", message)
            if isinstance(member, dict | list) and name != "@context":
                yield from _check_names(member, contexts, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif value and isinstance(value[0], dict | list):
        for place, member in enumerate(value):
            if isinstance(member, dict | list):
                yield from _check_names(member, contexts, f"{pointer}/{place}")
