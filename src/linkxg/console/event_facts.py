"""What an event says besides its items: places, parties, documents, sensor values and further fields, as lines."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

from linkxg.clock import DAY, MINUTE
from linkxg.console.event_items import PLACE_NAME, place_name, short
from linkxg.console.event_sentence import report_text, step_of
from linkxg.console.event_words import DOCUMENTS, TYPES, in_words, lower_words
from linkxg.network.epcis.documents.items import lenient_uri
from linkxg.network.epcis.documents.times import NotATime, read_time
from linkxg.network.epcis.documents.vocabulary import DISPOSITION, MEASUREMENT, PARTY_TYPE, TRANSACTION_TYPE
from linkxg.network.traceability.find_names import ItemNames

_MOST = 100
_LONGEST_PATH = 200
_PARTIES = {"owning_party": "owner", "possessing_party": "keeper", "location": "place"}


class Fact(NamedTuple):
    """`code` is what the words stand for, such as a URI; `href` searches for events with it."""

    title: str
    text: str
    code: str = ""
    href: str = ""


class Reading(NamedTuple):
    """What a sensor reported; times in milliseconds."""

    what: str
    value: str
    at: int | None
    until: int | None
    device: str


class EventFacts(NamedTuple):
    facts: list[Fact]
    readings: list[Reading]
    fields: list[tuple[str, str]]
    """Extensions and the data of the items, by their path."""
    local_time: str
    """By the clocks of the place, such as `16:00 (+01:00)`."""


def facts_of(event: dict[str, Any], names: ItemNames) -> EventFacts:
    readings, fields = [*islice(_readings(event), _MOST)], [*islice(_fields(event), _MOST)]
    return EventFacts([*_facts(event, names)], readings, fields, _local_time(event))


def _local_time(event: dict[str, Any]) -> str:
    offset: str = event["eventTimeZoneOffset"]
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    at = read_time(event["eventTime"]) + (-minutes if offset[0] == "-" else minutes) * MINUTE
    hour, minute = divmod(at % DAY // MINUTE, 60)
    return f"{hour:02d}:{minute:02d} ({offset})"


def _facts(event: dict[str, Any], names: ItemNames) -> Iterator[Fact]:
    yield Fact("Kind", TYPES[event["type"]], event["type"])
    if step := step_of(event):
        yield Fact("Business step", in_words(step), "", _search(step=step))
    if disposition := DISPOSITION.bare(event.get("disposition", "")):
        yield Fact("Items are then", lower_words(disposition))
    for change, title in (("set", "From then on"), ("unset", "No longer")):
        words = event.get("persistentDisposition", {}).get(change, ())
        if words:
            yield Fact(title, ", ".join(lower_words(DISPOSITION.bare(one)) for one in words[:_MOST]))
    for member, kind, title in (
        ("readPoint", "r", "Where it happened"),
        ("bizLocation", "l", "Where the items are then"),
    ):
        if member in event:
            uri = event[member]["id"]
            yield Fact(title, place_name(event[member], names), uri, _search(place=f"{kind}:{lenient_uri(uri)}"))
    for member, name, title in (("sourceList", "source", "From"), ("destinationList", "destination", "To")):
        for one in event.get(member, ())[:_MOST]:
            kind = PARTY_TYPE.bare(one["type"])
            yield Fact(f"{title} ({_PARTIES.get(kind, lower_words(kind))})", place_name(one[name], names), one[name])
    for one in event.get("bizTransactionList", ())[:_MOST]:
        kind = TRANSACTION_TYPE.bare(one.get("type", ""))
        title = DOCUMENTS.get(kind) or lower_words(kind or "document")
        yield Fact(title[:1].upper() + title[1:], short(one["bizTransaction"]), one["bizTransaction"])
    if "transformationID" in event:
        yield Fact("Transformation", short(event["transformationID"]), event["transformationID"])


def _search(**values: str) -> str:
    return "/events?" + urlencode(values)


def _readings(event: dict[str, Any]) -> Iterator[Reading]:
    for element in event.get("sensorElementList", ()):
        metadata = element.get("sensorMetadata", {})
        for report in element["sensorReport"]:
            both = {**metadata, **report}
            start, end = (_time(both.get(name)) for name in ("startTime", "endTime"))
            kind = MEASUREMENT.bare(report.get("type", ""))
            yield Reading(
                in_words(kind) if kind else "Value",
                report_text(report) or "–",
                _time(both.get("time")) or start,
                end,
                short(str(both.get("deviceID") or both.get("deviceMetadata") or "")),
            )


def _time(text: str | None) -> int | None:
    try:
        return read_time(text) if text else None
    except NotATime:
        return None


def _fields(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    places = {name: event[name] for name in ("readPoint", "bizLocation") if name in event}
    for name, value in event.get("ilmd", {}).items():
        yield from _flat(name, value)
    for name, value in event.items():
        if ":" in name:
            yield from _flat(name, value)
    for place, members in places.items():
        for name, value in members.items():
            if ":" in name and name != PLACE_NAME:
                yield from _flat(f"{place} {name}", value)


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _flat(f"{path} › {name}"[:_LONGEST_PATH], member)
    elif isinstance(value, list):
        for member in value[:_MOST]:
            yield from _flat(path, member)
    else:
        yield path[:_LONGEST_PATH], ("yes" if value else "no") if isinstance(value, bool) else short(str(value))
