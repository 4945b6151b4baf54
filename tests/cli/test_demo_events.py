"""The events of the demo are a coherent chain: nothing is used before it is made, or received before it is sent."""

from __future__ import annotations

from typing import Any

from linkxg.ops.demo.brand_events import brand_events
from linkxg.ops.demo.event_parts import Event
from linkxg.ops.demo.mill_events import mill_events
from linkxg.ops.demo.weaver_events import weaver_events

Chain = dict[str, list[Event]]


def chain() -> Chain:
    spun = mill_events()
    woven = weaver_events(spun.shipments)
    found = {"mill": spun.events, "weaver": woven.events, "brand": brand_events(woven.shipments)}
    return {name: sorted(events, key=lambda one: str(one["eventTime"])) for name, events in found.items()}


def lot(uri: str) -> str:
    """The lot number, which is unique here in both notations."""
    return uri.replace("/", ".").rpartition(".")[2]


def classes(event: Event, name: str) -> set[str]:
    return {lot(one["epcClass"]) for one in event.get(name, ())}


def test_the_events_are_the_same_at_every_start() -> None:
    assert chain() == chain()
    events = [one for listed in chain().values() for one in listed]
    assert 1_900 <= len(events) <= 2_100
    ids = [(one["eventID"], "errorDeclaration" in one) for one in events]
    assert len(set(ids)) == len(ids)


def test_they_have_everything_that_a_page_can_show() -> None:
    events = [one for listed in chain().values() for one in listed]
    assert {one["type"] for one in events} == {"ObjectEvent", "AggregationEvent", "TransformationEvent"}
    steps = {one["bizStep"].rpartition("/")[2] for one in events}
    assert steps >= {"commissioning", "spinning", "weaving", "sewing", "packing", "shipping", "receiving", "unpacking"}
    assert steps >= {"inspecting", "storing", "sensor_reporting", "retail_selling"}
    assert sum("errorDeclaration" in one for one in events) == 2


def test_what_is_received_was_sent_before() -> None:
    found = chain()
    for sender, receiver in (("mill", "weaver"), ("weaver", "brand")):
        sent: dict[str, Any] = {
            epc: one["eventTime"] for one in found[sender] if one["bizStep"] == "shipping" for epc in one["epcList"]
        }
        received = [one for one in found[receiver] if one["bizStep"] == "receiving" and "sourceList" in one]
        assert {epc for one in received for epc in one["epcList"]} == set(sent)
        assert all(sent[epc] < one["eventTime"] for one in received for epc in one["epcList"])


def test_what_is_used_was_made_or_unpacked_before() -> None:
    for name, events in chain().items():
        known: set[str] = set()
        for one in events:
            assert classes(one, "inputQuantityList") <= known, (name, one)
            if one.get("action") == "ADD" and one["type"] == "ObjectEvent":
                known |= classes(one, "quantityList")
            if one["bizStep"] == "unpacking":
                known |= classes(one, "childQuantityList")
            known |= classes(one, "outputQuantityList")


def test_what_is_sold_was_sewn_and_is_sold_once() -> None:
    events = chain()["brand"]
    sewn = {epc for one in events for epc in one.get("outputEPCList", ())}
    wrong = {one["eventID"] for one in events if "errorDeclaration" in one}
    sold = [one["epcList"][0] for one in events if one["bizStep"] == "retail_selling" and one["eventID"] not in wrong]
    assert set(sold) <= sewn
    assert len(set(sold)) == len(sold)
