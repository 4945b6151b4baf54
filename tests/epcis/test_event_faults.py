"""What is wrong with an event is said in a sentence, at the right place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator

from epcis.vectors import FOLDER, contexts, event, params
from linkxg.http import strict_json
from linkxg.network.epcis.documents.model import EventFault, ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event
from linkxg.network.epcis.documents.read_document import EventTexts
from linkxg.network.epcis.documents.schema import check_schema

LOT = "https://id.gs1.org/01/10614141073464/10/L1"
SENSOR = {"type": "Temperature", "value": 20, "uom": "CEL"}
PERIOD = {"startTime": "2026-03-04T09:00:00Z", "endTime": "2026-03-04T10:00:00Z"}
DEVICE, AT = {"deviceID": "urn:epc:id:giai:4000001.111"}, {"time": "2026-03-04T10:00:00Z"}


def faults(changes: dict[str, Any], type: str = "ObjectEvent") -> dict[str, EventFault]:
    found = parse_event(event(type, **changes), contexts())
    assert not isinstance(found, ParsedEvent), f"accepted: {changes}"
    assert all(fault.message.endswith(".") and "anyOf" not in fault.message for fault in found)
    return {fault.pointer: fault for fault in found}


@pytest.mark.parametrize("path", params("epcis/examples/**/*.jsonld"))
def test_the_published_examples_are_valid_by_the_schema(path: Path) -> None:
    source = EventTexts(iter([path.read_bytes()]))
    for _, text in source:
        # One of them repeats a member name, which our reader rejects.
        if path.stem != "AssociationEvent-h":
            assert check_schema(strict_json.parse(text)) == []


@pytest.mark.parametrize(
    ("type", "changes", "pointer", "said"),
    [
        # What the schema rejects, in words.
        ("ObjectEvent", {"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, "/bizStep", "write shipping"),
        ("ObjectEvent", {"bizStep": "sailing"}, "/bizStep", "word"),
        ("ObjectEvent", {"disposition": "urn:epcglobal:cbv:disp:active"}, "/disposition", "write active"),
        ("ObjectEvent", {"eventTimeZoneOffset": "5:30"}, "/eventTimeZoneOffset", "+05:30"),
        ("ObjectEvent", {"eventTimeZoneOffset": "-15:00"}, "/eventTimeZoneOffset", "14:00"),
        ("ObjectEvent", {"eventTimeZoneOffset": None}, "/eventTimeZoneOffset", "required"),
        ("ObjectEvent", {"eventTime": "2026-03-04T11:00:30"}, "/eventTime", "zone"),
        ("ObjectEvent", {"eventTime": "2026-02-30T11:00:30Z"}, "/eventTime", "calendar"),
        ("ObjectEvent", {"eventTime": "4 March 2026"}, "/eventTime", "2026-11-28T10:30:00.000Z"),
        ("ObjectEvent", {"eventTime": "2016-12-31T23:59:60Z"}, "/eventTime", "leap"),
        ("ObjectEvent", {"eventTime": "0001-01-01T00:00:00+14:00"}, "/eventTime", "represented"),
        ("ObjectEvent", {"eventTime": "9999-12-31T23:59:59.9999999-14:00"}, "/eventTime", "represented"),
        (
            "ObjectEvent",
            {"errorDeclaration": {"declarationTime": "0001-01-01T00:00:00+14:00"}},
            "/errorDeclaration/declarationTime",
            "represented",
        ),
        ("ObjectEvent", {"ilmd": {"example:a": 1}}, "/ilmd", "ADD"),
        ("ObjectEvent", {"ilmd": {"a": 1}, "action": "ADD"}, "/ilmd/a", "prefix"),
        ("ObjectEvent", {"action": "MOVE"}, "/action", "OBSERVE"),
        ("ObjectEvent", {"field": 1}, "/field", "prefix"),
        ("ObjectEvent", {"epcList": ["no uri"]}, "/epcList/0", "URI"),
        ("ObjectEvent", {"epcList": ["urn:a:b", "urn:a:b"]}, "/epcList", "repeated"),
        ("ObjectEvent", {"epcList": "urn:a:b"}, "/epcList", "array"),
        ("ObjectEvent", {"epcList": None}, "", "epcList or quantityList"),
        ("ObjectEvent", {"readPoint": {}}, "/readPoint/id", "required"),
        ("ObjectEvent", {"quantityList": [{"epcClass": LOT, "uom": "kilo"}]}, "/quantityList/0/uom", "KGM"),
        ("ObjectEvent", {"quantityList": [{"epcClass": LOT, "example:x": 1}]}, "/quantityList/0/example:x", "allowed"),
        ("ObjectEvent", {"persistentDisposition": {}}, "/persistentDisposition", "set or unset"),
        ("ObjectEvent", {"errorDeclaration": {}}, "/errorDeclaration/declarationTime", "required"),
        ("AggregationEvent", {"childEPCs": None}, "", "childEPCs"),
        ("AssociationEvent", {"parentID": None}, "/parentID", "required"),
        ("TransactionEvent", {"bizTransactionList": []}, "/bizTransactionList", "entry"),
        ("TransformationEvent", {"outputEPCList": None}, "", "transformationID"),
        ("TransformationEvent", {"inputEPCList": None}, "", "transformationID"),
        # What the schema lets through.
        ("AggregationEvent", {"parentID": None}, "/parentID", "required"),
        ("AggregationEvent", {"parentID": None, "action": "DELETE"}, "/parentID", "required"),
        ("AggregationEvent", {"childEPCs": ["https://a.example/00/106141412345678908"]}, "/parentID", "own child"),
        ("ObjectEvent", {"epcList": [LOT]}, "/epcList/0", "a lot"),
        ("ObjectEvent", {"epcList": ["urn:epc:class:lgtin:4012345.012345.9"]}, "/epcList/0", "a lot"),
        ("AggregationEvent", {"childEPCs": ["https://id.gs1.org/01/10614141073464"]}, "/childEPCs/0", "a class"),
        ("AggregationEvent", {"parentID": LOT}, "/parentID", "a lot"),
        ("TransformationEvent", {"inputEPCList": [LOT]}, "/inputEPCList/0", "a lot"),
        ("TransformationEvent", {"outputEPCList": [LOT]}, "/outputEPCList/0", "a lot"),
        ("ObjectEvent", {"epcList": ["https://id.gs1.org/01/10614141073465/21/1"]}, "/epcList/0", "should be 4"),
        ("ObjectEvent", {"epcList": ["https://a.example/00/106141412345678909"]}, "/epcList/0", "should be 8"),
        ("ObjectEvent", {"readPoint": {"id": "https://id.gs1.org/414/4012345000116"}}, "/readPoint/id", "should be 5"),
        ("ObjectEvent", {"quantityList": [{"epcClass": LOT, "quantity": -1}]}, "/quantityList/0/quantity", "negative"),
        ("ObjectEvent", {"quantityList": [{"epcClass": LOT, "quantity": 0.5}]}, "/quantityList/0/quantity", "whole"),
        (
            "ObjectEvent",
            {"quantityList": [{"epcClass": LOT, "quantity": 10**400}]},
            "/quantityList/0/quantity",
            "large",
        ),
        (
            "ObjectEvent",
            {"quantityList": [{"epcClass": "urn:epc:id:sgtin:0614141.107346.1"}]},
            "/quantityList/0/epcClass",
            "one object",
        ),
        (
            "ObjectEvent",
            {
                "sensorElementList": [
                    {
                        "sensorMetadata": {"time": "2026-03-04T10:00:00Z"},
                        "sensorReport": [SENSOR | {"time": "2026-03-04T10:00:00Z"}],
                    }
                ]
            },
            "/sensorElementList/0/sensorReport/0/time",
            "one of the two",
        ),
        (
            "ObjectEvent",
            {
                "sensorElementList": [
                    {
                        "sensorMetadata": {"deviceID": "urn:x:1", "startTime": "2026-03-04T10:00:00Z"},
                        "sensorReport": [SENSOR, SENSOR | {"deviceID": "urn:x:1"}],
                    }
                ]
            },
            "/sensorElementList/0/sensorReport/1/deviceID",
            "one of the two",
        ),
        (
            "ObjectEvent",
            {"sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 20}]}]},
            "/sensorElementList/0/sensorReport/0/uom",
            "uom",
        ),
        (
            "ObjectEvent",
            {"sensorElementList": [{"sensorReport": [{"type": "Temperature", "uom": "CEL"}]}]},
            "/sensorElementList/0/sensorReport/0",
            "says nothing",
        ),
        (
            "ObjectEvent",
            {"sensorElementList": [{"sensorReport": [SENSOR | {"type": "Heat"}]}]},
            "/sensorElementList/0/sensorReport/0/type",
            "word",
        ),
        ("ObjectEvent", {"epcList": [], "quantityList": []}, "", "empty"),
        ("ObjectEvent", {"unknown:field": 1}, "/unknown:field", "prefix unknown"),
        ("ObjectEvent", {"example:a": [{"unknown:b": 1}]}, "/example:a/0/unknown:b", "prefix unknown"),
        ("ObjectEvent", {"action": "ADD", "ilmd": {"unknown:b": 1}}, "/ilmd/unknown:b", "prefix unknown"),
        ("ObjectEvent", {"readPoint": {"id": "urn:a:b", "no:b": 1}}, "/readPoint/no:b", "prefix no"),
        ("ObjectEvent", {"@context": ["no context"]}, "/@context", "URL"),
        ("ObjectEvent", {"eventID": "urn:x:" + "y" * 2000}, "/eventID", "2000"),
        ("ObjectEvent", {"bizStep": "urn:x:" + "y" * 300}, "/bizStep", "255"),
    ],
)
def test_a_fault_is_named_where_it_is(type: str, changes: dict[str, Any], pointer: str, said: str) -> None:
    found = faults(changes, type)
    assert pointer in found, found
    assert said in found[pointer].message


@pytest.mark.parametrize("type", ["OtherEvent", "https://example.com/OwnEvent", 5, None, ["ObjectEvent"]])
def test_an_event_of_another_type_is_a_fault(type: Any) -> None:
    [fault] = [one for one in parse_event(event() | {"type": type}, contexts()) if isinstance(one, EventFault)]
    assert (fault.pointer, fault.code) == ("/type", "unknown_type")


@pytest.mark.parametrize(
    ("type", "changes"),
    [
        ("AggregationEvent", {"action": "OBSERVE", "parentID": None}),
        ("AggregationEvent", {"action": "DELETE", "childEPCs": []}),
        ("TransformationEvent", {"outputEPCList": None, "transformationID": "urn:example:t1"}),
        ("ObjectEvent", {"epcList": [], "quantityList": [{"epcClass": LOT, "quantity": 0.5, "uom": "KGM"}]}),
        ("ObjectEvent", {"epcList": [], "sensorElementList": [{"sensorReport": [SENSOR]}]}),
        (
            "ObjectEvent",
            {"epcList": None, "readPoint": {"id": "urn:a:b"}, "sensorElementList": [{"sensorReport": [SENSOR]}]},
        ),
        # Metadata of a period are of the whole series (decision 0030).
        (
            "ObjectEvent",
            {
                "sensorElementList": [
                    {"sensorMetadata": PERIOD | DEVICE | AT, "sensorReport": [SENSOR | DEVICE | AT, SENSOR]}
                ]
            },
        ),
        ("ObjectEvent", {"bizStep": "https://example.com/steps/dyeing"}),
        ("ObjectEvent", {"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}),
        ("ObjectEvent", {"@context": {"mine": "https://mine.example/"}, "mine:a": {"b": 1}}),
        ("ObjectEvent", {"https://example.com/x#field": 1}),
        ("ObjectEvent", {"action": "ADD", "ilmd": {"cbvmda:lotNumber": "L"}}),
    ],
)
def test_unusual_but_right_events_are_accepted(type: str, changes: dict[str, Any]) -> None:
    assert isinstance(parse_event(event(type, **changes), contexts()), ParsedEvent)


@pytest.mark.parametrize("text", [b"[]", b"{", b'{"a":1,"a":2}', b'"\xff"', b'{"a":NaN}', b"[" * 100_000, b"1"])
def test_what_is_no_strict_json_object_is_a_fault(text: bytes) -> None:
    assert isinstance(parse_event(text, contexts()), tuple)
    assert not isinstance(parse_event(text, contexts()), ParsedEvent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [*event(), "readPoint", "sensorElementList", "quantityList", "ilmd", "example:x", "errorDeclaration"]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["ObjectEvent", "AggregationEvent", "TransformationEvent"]),
    st.dictionaries(NAMES, JSON, max_size=3),
)
def test_no_event_makes_the_reader_fail(type: str, changes: dict[str, Any]) -> None:
    found = parse_event(event(type) | changes, contexts())
    assert isinstance(found, ParsedEvent) or (found and all(isinstance(fault, EventFault) for fault in found))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the published examples are not here")
def test_the_schema_is_the_published_one() -> None:
    published = strict_json.parse((FOLDER / "epcis" / "EPCIS-JSON-Schema.json").read_text())
    assert Draft7Validator(published).is_valid(event() | {"@context": "https://example.com/c"})
    ours = Path(check_schema.__code__.co_filename).parent / "data" / "EPCIS-JSON-Schema.json"
    assert strict_json.parse(ours.read_text()) == published
