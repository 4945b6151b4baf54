"""What is stored of an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from epcis.vectors import STANDARD, contexts, event
from linkxg.network.epcis.documents.contexts import NO_CONTEXTS, Contexts, read_contexts
from linkxg.network.epcis.documents.model import EventFault, IndexedValue, ItemRole, Level, ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event

NS = "https://ns.example.com/epcis/"


def parse(type: str = "ObjectEvent", within: Contexts | None = None, /, **changes: Any) -> ParsedEvent:
    found = parse_event(json.dumps(event(type, **changes)).encode(), within or contexts())
    assert isinstance(found, ParsedEvent), found
    return found


def values(parsed: ParsedEvent) -> dict[str, Any]:
    return {value.name: value.text if value.number is None else value.number for value in parsed.values}


def test_fields_are_in_their_normal_form() -> None:
    parsed = parse(
        eventTime="2026-03-04T11:00:30.1234+01:00",
        bizStep="https://ref.gs1.org/cbv/BizStep-shipping",
        disposition="in_transit",
        readPoint={"id": "urn:epc:id:sgln:4012345.00011.987"},
        bizLocation={"id": "https://shop.example/414/4012345000115"},
        eventID="urn:uuid:1",
    )
    assert (parsed.event_id, parsed.declaration_time, parsed.type, parsed.action) == (
        "urn:uuid:1",
        "",
        "ObjectEvent",
        "OBSERVE",
    )
    assert (parsed.event_time, parsed.biz_step, parsed.disposition) == (1772618430123, "shipping", "in_transit")
    assert parsed.read_point == "https://id.gs1.org/414/4012345000115/254/987"
    assert parsed.biz_location == "https://id.gs1.org/414/4012345000115"


def test_a_word_of_another_vocabulary_is_stored_as_its_uri() -> None:
    assert parse(bizStep="example:dyeing").biz_step == f"{NS}dyeing"
    assert parse(bizStep="example:dyeing").content_hash == parse(bizStep=f"{NS}dyeing").content_hash


def test_an_event_without_an_id_gets_its_hash_and_a_declaration_of_it_the_same() -> None:
    first, again = parse(), parse(recordTime="2026-03-05T00:00:00Z")
    declared = parse(errorDeclaration={"declarationTime": "2026-03-06T01:00:00+01:00", "reason": "did_not_occur"})
    assert first.event_id.startswith("ni:///sha-256;")
    assert first.event_id == again.event_id == declared.event_id
    assert first.content_hash == again.content_hash != declared.content_hash
    assert (declared.declaration_time, declared.error_reason) == ("2026-03-06T00:00:00.000Z", "did_not_occur")


def test_the_content_hash_tells_events_with_one_id_apart() -> None:
    one = parse(eventID="urn:uuid:1")
    assert (
        one.content_hash
        == parse(eventID="urn:uuid:1", epcList=["https://a.example/01/10614141073464/21/2018"]).content_hash
    )
    assert one.content_hash != parse(eventID="urn:uuid:1", disposition="active").content_hash
    assert one.content_hash != parse(eventID="urn:uuid:1", epcList=["urn:epc:id:sgtin:0614141.107346.9"]).content_hash


def test_the_content_is_the_event_as_sent() -> None:
    sent = event(
        epcList=["https://shop.example/01/10614141073464/21/2018"], **{"example:n": 1.50, "example:big": 10**30}
    )
    found = parse_event(
        sent | {"recordTime": "2026-03-05T00:00:00Z", "@context": {"a": "https://a.example/"}}, contexts()
    )
    assert isinstance(found, ParsedEvent)
    assert list(json.loads(found.content).items()) == list(sent.items())
    assert json.loads(found.context) == [{"example": NS}, {"a": "https://a.example/"}]
    assert parse("ObjectEvent", NO_CONTEXTS).context == ""


def test_items_have_roles_levels_and_quantities() -> None:
    lot = "urn:epc:class:lgtin:0614141.107346.L1"
    parsed = parse(
        "TransformationEvent",
        inputEPCList=["urn:epc:id:sgtin:0614141.107346.1", "https://a.example/01/10614141073464/21/1"],
        inputQuantityList=[{"epcClass": lot, "quantity": 2.5, "uom": "KGM"}, {"epcClass": lot, "quantity": 3}],
        outputEPCList=None,
        outputQuantityList=[{"epcClass": "https://id.gs1.org/01/10614141073464"}],
    )
    assert [(use.role, use.item.level, use.is_class, use.quantity, use.uom) for use in parsed.items] == [
        (ItemRole.INPUT, Level.INSTANCE, False, None, None),
        (ItemRole.INPUT, Level.LOT, True, 2.5, "KGM"),
        (ItemRole.INPUT, Level.LOT, True, 3.0, None),
        (ItemRole.OUTPUT, Level.CLASS, True, None, None),
    ]
    assert parsed.items[1].item[2:] == ("10614141073464", "L1", None)
    packed = parse("AggregationEvent")
    assert [(use.role, use.item.uri) for use in packed.items] == [
        (ItemRole.PARENT, "https://id.gs1.org/00/106141412345678908"),
        (ItemRole.CHILD, "https://id.gs1.org/01/10614141073464/21/2018"),
    ]


def test_standard_values_are_indexed() -> None:
    parsed = parse(
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epc:id:gdti:4012345.11111.123"}],
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
        destinationList=[{"type": "https://example.com/t", "destination": "urn:epc:id:pgln:0614141.00000"}],
        persistentDisposition={"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
        errorDeclaration={"declarationTime": "2026-03-06T00:00:00Z", "correctiveEventIDs": ["urn:uuid:2"]},
    )
    assert values(parsed) == {
        "bizTransaction_po": "https://id.gs1.org/253/4012345111118123",
        "source_owning_party": "https://id.gs1.org/417/4012345000009",
        "destination_https://example.com/t": "https://id.gs1.org/417/0614141000005",
        "persistentDisposition_set": "completeness_verified",
        "persistentDisposition_unset": "completeness_inferred",
        "correctiveEventID": "urn:uuid:2",
    }


def test_sensor_values_are_indexed_in_the_base_unit() -> None:
    report = {
        "type": "Temperature",
        "value": 20,
        "uom": "CEL",
        "sDev": 0.5,
        "stringValue": "s",
        "hexBinaryValue": "F0",
        "booleanValue": True,
        "uriValue": "https://id.gs1.org/8004/4000001111",
        "microorganism": "https://example.com/m",
        "chemicalSubstance": "https://example.com/c",
        "example:cv": 5,
    }
    metadata = {
        "deviceID": "urn:epc:id:giai:4000001.111",
        "time": "2026-03-04T10:00:00Z",
        "bizRules": "https://example.com/r",
    }
    found = values(parse(sensorElementList=[{"sensorMetadata": metadata, "sensorReport": [report]}]))
    assert found == {
        "sensorElementList": None,
        "deviceID": "https://id.gs1.org/8004/4000001111",
        "bizRules": "https://example.com/r",
        "time": 1772618400000.0,
        "type": "Temperature",
        "microorganism": "https://example.com/m",
        "chemicalSubstance": "https://example.com/c",
        "uriValue": "https://id.gs1.org/8004/4000001111",
        "stringValue": "s",
        "hexBinaryValue": "F0",
        "booleanValue": "true",
        "value_KEL": 293.15,
        "sDev_KEL": 0.5,
        f"SENSORREPORT_{NS}#cv": 5.0,
    }


def test_extensions_are_indexed_by_place_and_depth() -> None:
    parsed = parse(
        action="ADD",
        ilmd={"cbvmda:lotNumber": "L", "example:a": {"example:b": "2026-03-04T10:00:00Z"}},
        readPoint={"id": "urn:a:b", "example:r": True},
        errorDeclaration={"declarationTime": "2026-03-06T00:00:00Z", "example:e": ["x", "y"]},
        **{"example:top": [1, 2.5], "example:object": {"example:c": {"example:d": "z"}}, "https://o.example/v#w": "u"},
    )
    assert set(parsed.values) == {
        IndexedValue("ILMD_urn:epcglobal:cbv:mda#lotNumber", "L"),
        IndexedValue(f"ILMD_{NS}#a"),
        IndexedValue(f"INNER_ILMD_{NS}#b", "2026-03-04T10:00:00Z", 1772618400000.0),
        IndexedValue(f"readPoint_{NS}#r", "true"),
        IndexedValue(f"ERROR_DECLARATION_{NS}#e", "x"),
        IndexedValue(f"ERROR_DECLARATION_{NS}#e", "y"),
        IndexedValue(f"{NS}#top", "1", 1.0),
        IndexedValue(f"{NS}#top", "2.5", 2.5),
        IndexedValue(f"{NS}#object"),
        IndexedValue(f"INNER_{NS}#c"),
        IndexedValue(f"INNER_{NS}#d", "z"),
        IndexedValue("https://o.example/v#w", "u"),
    }


def test_long_texts_are_stored_but_not_indexed() -> None:
    parsed = parse(**{"example:long": "x" * 501})
    assert parsed.values == (IndexedValue(f"{NS}#long"),)


def test_too_many_fields_are_a_fault() -> None:
    found = parse_event(event(**{"example:many": list(range(2_001))}), contexts())
    assert [fault.code for fault in found if isinstance(fault, EventFault)] == ["too_many_fields"]


@pytest.mark.parametrize(
    ("value", "foreign"),
    [
        (STANDARD, ""),
        (
            [STANDARD, [{"a": "https://a.example/"}, ["https://c.example/ctx"]]],
            '[{"a":"https://a.example/"},"https://c.example/ctx"]',
        ),
        (["https://gs1.github.io/EPCIS/epcis-context.jsonld", {}, None], ""),
        ([STANDARD, {"t": {"@id": "https://t.example/"}, "@vocab": "https://v.example/"}], None),
    ],
)
def test_only_foreign_contexts_are_kept(value: Any, foreign: str | None) -> None:
    found = contexts(value)
    if foreign is not None:
        assert found.foreign == foreign
    else:
        assert found.prefixes["t"] == "https://t.example/"


@pytest.mark.parametrize(
    "value",
    [
        5,
        ["x"],
        [[[[[["https://a.example/"]]]]]],
        {"a": "relative"},
        [{"a": "https://a.example/" + "x" * 20_000}],
        {"@vocab": 7},
        {"@version": "1.1"},
        {"a": "a:a"},
        {"a": {"@id": "b:c"}, "b": "a:x"},
    ],
)
def test_a_malformed_context_is_a_fault(value: Any) -> None:
    assert isinstance(read_contexts(value), EventFault)
