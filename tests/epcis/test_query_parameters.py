"""Each parameter of a query finds the events that it says, and no others (EPCIS 2.0 §8.2.7.1)."""

from __future__ import annotations

from typing import Any

import pytest

from epcis.captured import EXTENSIONS, capture, event, find, ids_of, unique
from harness.world import World

DL = "https://id.gs1.org"
SGLN = "urn:epc:id:sgln:0614141.00777.0"
PLACE = f"{DL}/414/0614141007776"
Members = dict[str, Any]
SENSOR = {"type": "Temperature", "value": 20, "uom": "CEL"}


def sensed(**report: Any) -> Members:
    return {"sensorElementList": [{"sensorReport": [{**SENSOR, **report}]}]}


def with_metadata(**metadata: Any) -> Members:
    return {"sensorElementList": [{"sensorMetadata": metadata, "sensorReport": [SENSOR]}]}


def transformation(**changed: Any) -> Members:
    made = {"type": "TransformationEvent", "action": None, "epcList": None, "inputEPCList": [unique("in")],
            "outputEPCList": [unique("out")]}  # fmt: skip
    return made | changed


def aggregation(**changed: Any) -> Members:
    made = {"type": "AggregationEvent", "action": "ADD", "epcList": None, "parentID": unique("parent"),
            "childEPCs": [unique("child")]}  # fmt: skip
    return made | changed


def declared(**changed: Any) -> Members:
    return {"errorDeclaration": {"declarationTime": "2026-04-01T00:00:00Z", "reason": "did_not_occur"} | changed}


def case(name: str, value: Any, has: Members, has_not: Members) -> Any:
    return pytest.param(name, value, has, has_not, id=name)


GTIN = "04012345123456"
LOT, OTHER_LOT = f"{DL}/01/{GTIN}/10/L1", f"{DL}/01/{GTIN}/10/L2"
AMOUNT = {"epcList": None, "quantityList": [{"epcClass": LOT, "quantity": 0.5, "uom": "KGM"}]}
OTHER_AMOUNT = {"epcList": None, "quantityList": [{"epcClass": LOT, "quantity": 2, "uom": "KGM"}]}


CASES = [
    case("eventType", "AggregationEvent|TransactionEvent", aggregation(), {}),
    case("GE_eventTime", "2026-03-01T10:00:00.000Z", {}, {"eventTime": "2026-03-01T09:59:59.999Z"}),
    case("LT_eventTime", "2026-03-01T11:00:00.000+01:00", {"eventTime": "2026-03-01T09:59:59.999Z"}, {}),
    case("EQ_action", "ADD|DELETE", {"action": "DELETE"}, {}),
    case("EQ_bizStep", "shipping", {"bizStep": "shipping"}, {"bizStep": "receiving"}),
    case("EQ_bizStep", "https://ref.gs1.org/cbv/BizStep-shipping|packing", {"bizStep": "shipping"}, {}),
    case("EQ_bizStep", "urn:epcglobal:cbv:bizstep:shipping", {"bizStep": "shipping"}, {"bizStep": "packing"}),
    case("EQ_disposition", "in_transit", {"disposition": "in_transit"}, {"disposition": "active"}),
    case("EQ_disposition", "urn:epcglobal:cbv:disp:in_transit", {"disposition": "in_transit"}, {}),
    case("EQ_persistentDisposition_set", "recalled", {"persistentDisposition": {"set": ["recalled"]}},
         {"persistentDisposition": {"unset": ["recalled"]}}),
    case("EQ_persistentDisposition_unset", "recalled", {"persistentDisposition": {"unset": ["recalled"]}},
         {"persistentDisposition": {"set": ["recalled"]}}),
    case("EQ_readPoint", SGLN, {"readPoint": {"id": PLACE}}, {"readPoint": {"id": f"{PLACE}/254/1"}}),
    case("EQ_readPoint", PLACE, {"readPoint": {"id": SGLN}}, {"bizLocation": {"id": SGLN}}),
    case("WD_readPoint", PLACE, {"readPoint": {"id": f"{PLACE}/254/1"}}, {"bizLocation": {"id": PLACE}}),
    case("EQ_bizLocation", PLACE, {"bizLocation": {"id": SGLN}}, {"readPoint": {"id": SGLN}}),
    case("WD_bizLocation", SGLN, {"bizLocation": {"id": f"{PLACE}/254/7"}}, {"readPoint": {"id": PLACE}}),
    case("EQ_transformationID", "urn:example:t:1", transformation(transformationID="urn:example:t:1"),
         transformation(transformationID="urn:example:t:2")),
    case("MATCH_epc", "urn:epc:id:sgtin:4012345.012345.A1", {"epcList": [f"{DL}/01/{GTIN}/21/A1"]},
         {"epcList": [f"{DL}/01/{GTIN}/21/A2"]}),
    case("MATCH_epc", "urn:example:c1", aggregation(childEPCs=["urn:example:c1"]),
         aggregation(parentID="urn:example:c1")),
    case("MATCH_epc", "urn:example:i1", {"epcList": ["urn:example:i1"]},
         transformation(inputEPCList=["urn:example:i1"])),
    case("MATCH_parentID", "urn:example:p1", aggregation(parentID="urn:example:p1"),
         aggregation(childEPCs=["urn:example:p1"])),
    case("MATCH_inputEPC", "urn:example:x1", transformation(inputEPCList=["urn:example:x1"]),
         transformation(outputEPCList=["urn:example:x1"])),
    case("MATCH_outputEPC", "urn:example:y1", transformation(outputEPCList=["urn:example:y1"]),
         transformation(inputEPCList=["urn:example:y1"])),
    case("MATCH_anyEPC", "urn:example:z1", aggregation(parentID="urn:example:z1"), {}),
    case("MATCH_anyEPC", "urn:example:z2", transformation(outputEPCList=["urn:example:z2"]), {}),
    case("MATCH_epcClass", LOT, AMOUNT, {"epcList": None, "quantityList": [{"epcClass": OTHER_LOT, "quantity": 1}]}),
    case("MATCH_inputEPCClass", LOT, transformation(inputEPCList=None, inputQuantityList=[{"epcClass": LOT}]),
         transformation(outputEPCList=None, outputQuantityList=[{"epcClass": LOT}])),
    case("MATCH_outputEPCClass", LOT, transformation(outputEPCList=None, outputQuantityList=[{"epcClass": LOT}]),
         transformation(inputEPCList=None, inputQuantityList=[{"epcClass": LOT}])),
    case("MATCH_anyEPCClass", f"urn:epc:class:lgtin:4012345.012345.L1|{OTHER_LOT}",
         transformation(outputEPCList=None, outputQuantityList=[{"epcClass": LOT}]), {}),
    case("EQ_quantity", "0.5", AMOUNT, OTHER_AMOUNT),
    case("GT_quantity", "0.5", OTHER_AMOUNT, AMOUNT),
    case("GE_quantity", "0.6", OTHER_AMOUNT, AMOUNT),
    case("LT_quantity", "2", AMOUNT, OTHER_AMOUNT),
    case("LE_quantity", "0.5", AMOUNT, OTHER_AMOUNT),
    case("EQ_quantity_KGM", "0.5", AMOUNT, OTHER_AMOUNT),
    case("EXISTS_errorDeclaration", "true", declared(), {}),
    case("GE_errorDeclarationTime", "2026-04-01T00:00:00Z", declared(),
         declared(declarationTime="2026-03-31T23:59:59Z")),
    case("LT_errorDeclarationTime", "2026-04-01T00:00:00Z", declared(declarationTime="2026-03-31T23:59:59Z"),
         declared()),
    case("EQ_errorReason", "did_not_occur", declared(), declared(reason="incorrect_data")),
    case("EQ_correctiveEventID", "urn:example:e1", declared(correctiveEventIDs=["urn:example:e1"]), declared()),
    case("EXISTS_sensorElementList", "true", sensed(), {}),
    case("EQ_type", "Temperature|gs1:Mass", sensed(), sensed(type="Length", value=1, uom="MTR")),
    case("GE_value_KEL", "293.15", sensed(), sensed(value=19)),
    case("LT_value_FAH", "68.1", sensed(), sensed(value=20.1)),
    case("EQ_value_CEL", "20", sensed(value=293.15, uom="KEL"), sensed(value=20, uom="KEL")),
    case("GT_minValue_CEL", "1", sensed(minValue=2), sensed(minValue=1)),
    case("LE_maxValue_CEL", "9", sensed(maxValue=9), sensed(maxValue=10)),
    case("GE_meanValue_CEL", "5", sensed(meanValue=5), sensed(meanValue=4)),
    case("GE_time", "2026-03-01T00:00:00Z", sensed(time="2026-03-01T00:00:00Z"), sensed(time="2026-02-28T00:00:00Z")),
    case("LT_startTime", "2026-03-02T00:00:00Z", with_metadata(startTime="2026-03-01T00:00:00Z"),
         with_metadata(startTime="2026-03-02T00:00:00Z")),
    case("GE_endTime", "2026-03-02T00:00:00Z", with_metadata(endTime="2026-03-02T00:00:00Z"),
         with_metadata(endTime="2026-03-01T00:00:00Z")),
    case("EQ_deviceID", "urn:example:device:1", with_metadata(deviceID="urn:example:device:1"), sensed()),
    case("EQ_dataProcessingMethod", "urn:example:m", with_metadata(dataProcessingMethod="urn:example:m"), sensed()),
    case("EQ_bizRules", "urn:example:rule", with_metadata(bizRules="urn:example:rule"), sensed()),
    case("EQ_microorganism", "urn:example:coli", sensed(microorganism="urn:example:coli"), sensed()),
    case("EQ_chemicalSubstance", "urn:example:lead", sensed(chemicalSubstance="urn:example:lead"), sensed()),
    case("EQ_stringValue", "SOME, DATA", sensed(stringValue="SOME, DATA"), sensed(stringValue="SOME")),
    case("EQ_hexBinaryValue", "f0f0f0", sensed(hexBinaryValue="f0f0f0"), sensed(hexBinaryValue="f0")),
    case("EQ_uriValue", "https://example.com/v", sensed(uriValue="https://example.com/v"), sensed()),
    case("EQ_booleanValue", "true", sensed(booleanValue=True), sensed(booleanValue=False)),
    case("EQ_bizTransaction_po", "urn:example:po:1",
         {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:example:po:1"}]},
         {"bizTransactionList": [{"type": "inv", "bizTransaction": "urn:example:po:1"}]}),
    case("EQ_source_owning_party", "urn:epc:id:pgln:4012345.00000",
         {"sourceList": [{"type": "owning_party", "source": f"{DL}/417/4012345000009"}]},
         {"destinationList": [{"type": "owning_party", "destination": f"{DL}/417/4012345000009"}]}),
    case("EQ_destination_possessing_party", "urn:example:party",
         {"destinationList": [{"type": "possessing_party", "destination": "urn:example:party"}]},
         {"destinationList": [{"type": "owning_party", "destination": "urn:example:party"}]}),
    case("EQ_ex:text", "a, b|c", {"ex:text": "a, b"}, {"ex:text": "a"}),
    case("EQ_https://example.com/epcis/#text", "a", {"ex:text": "a"}, {"ex:text": "b"}),
    case("EQ_ex:number", "3.5", {"ex:number": 3.5}, {"ex:number": 4}),
    case("GT_ex:number", "3.5", {"ex:number": 4}, {"ex:number": 3.5}),
    case("LE_ex:number", "3.5", {"ex:number": 3.5}, {"ex:number": 4}),
    case("GE_ex:until", "2027-01-01T00:00:00Z", {"ex:until": "2027-01-01T01:00:00+01:00"},
         {"ex:until": "2026-12-31T00:00:00Z"}),
    case("EXISTS_ex:number", "true", {"ex:number": 1}, {"ex:other": 1}),
    case("EQ_INNER_ex:deep", "x", {"ex:outer": {"ex:deep": "x"}}, {"ex:deep": "x"}),
    case("EQ_ILMD_ex:size", "L", {"action": "ADD", "ilmd": {"ex:size": "L"}}, {"ex:size": "L"}),
    case("EQ_INNER_ILMD_ex:deep", "x", {"action": "ADD", "ilmd": {"ex:outer": {"ex:deep": "x"}}},
         {"action": "ADD", "ilmd": {"ex:deep": "x"}}),
    case("EQ_ERROR_DECLARATION_ex:by", "me", declared(**{"ex:by": "me"}), declared(**{"ex:by": "you"})),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "has", "has_not"), CASES)
def test_a_parameter_finds_what_it_says_and_nothing_else(
    world: World, name: str, value: Any, has: Members, has_not: Members
) -> None:
    mine = unique("transaction")
    found, other = capture(world, event(**marked(has, mine)), event(**marked(has_not, mine)))
    query = {"EQ_bizTransaction_prodorder": mine, name: value}
    assert ids_of(find(world, headers=[EXTENSIONS], **query)) == [found]
    assert other != found


def marked(members: Members, transaction: str) -> Members:
    """With a transaction of this test, which tells its events from all others."""
    others = members.get("bizTransactionList", [])
    return members | {"bizTransactionList": [{"type": "prodorder", "bizTransaction": transaction}, *others]}
