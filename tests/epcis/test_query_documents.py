"""The answer of a query: a valid document, with every event as it was captured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from epcis.captured import CONTEXT, capture, event, events_of, find, ids_of, segment, unique
from epcis.gs1_files import needs_vectors, vector
from harness.world import World

URN, DL = "urn:epc:id:sgtin:4012345.012345.A%2FB", "https://id.gs1.org/01/04012345123456/21/A%2FB"
FOREIGN = "https://example.org/01/04012345123456/21/A%2FB"


def test_an_event_comes_back_as_it_was_captured_with_its_record_time(world: World) -> None:
    epc = unique("epc")
    one = event(epcList=[epc], eventTimeZoneOffset="-02:30", **{"ex:a": {"ex:b": [1, 2.50, "ü"]}})
    capture(world, one, at=1_790_000_000_123)
    answer = find(world, MATCH_epc=epc)
    assert events_of(answer) == [one | {"recordTime": "2026-09-21T14:13:20.123Z"}]
    document = answer.json()
    assert document["@context"] == CONTEXT
    assert (document["type"], document["schemaVersion"]) == ("EPCISQueryDocument", "2.0")
    assert answer.header("gs1-epcis-version") == answer.header("gs1-cbv-version") == "2.0.0"


@needs_vectors
def test_answers_are_valid_by_the_schema_of_gs1(world: World) -> None:
    import jsonschema_rs

    epc = unique("epc")
    capture(world, event(epcList=[epc], **{"ex:a": 1}), event(epcList=[epc], eventID=None))
    validator = jsonschema_rs.validator_for(vector("epcis/EPCIS-JSON-Schema.json"))
    for answer in (find(world, MATCH_epc=epc), find(world, MATCH_epc=unique("nobody"))):
        validator.validate(answer.json())


def test_contexts_are_merged_and_one_that_differs_stays_with_its_event(world: World) -> None:
    """An event may have a context of its own."""
    epc, standard = unique("epc"), CONTEXT[0]
    capture(world, event(epcList=[epc], eventTime="2026-03-03T00:00:00Z", **{"ex:a": 1}))
    other: Any = [standard, {"more": "https://example.net/more#"}]
    capture(world, event(epcList=[epc], eventTime="2026-03-02T00:00:00Z", **{"more:a": 1}), context=other)
    differs: Any = [standard, {"ex": "https://example.net/another/"}]
    capture(world, event(epcList=[epc], eventTime="2026-03-01T00:00:00Z", **{"ex:a": 2}), context=differs)
    answer = find(world, MATCH_epc=epc)
    assert answer.json()["@context"] == [*CONTEXT, {"more": "https://example.net/more#"}]
    own = [one.get("@context") for one in events_of(answer)]
    assert own == [None, None, [{"ex": "https://example.net/another/"}]]
    found = find(world, MATCH_epc=epc, **{"EQ_https://example.net/another/#a": "2"})
    assert [one["ex:a"] for one in events_of(found)] == [2]


def test_a_keyword_in_the_context_of_an_event_governs_no_other(world: World) -> None:
    epc, standard = unique("epc"), CONTEXT[0]
    capture(world, event(epcList=[epc], eventTime="2026-03-03T00:00:00Z", **{"ex:a": 1}))
    governing: Any = [standard, {"@vocab": "https://example.net/vocabulary#"}]
    capture(world, event(epcList=[epc], eventTime="2026-03-02T00:00:00Z"), context=governing)
    answer = find(world, MATCH_epc=epc)
    assert "@vocab" not in json.dumps(answer.json()["@context"])
    assert [one.get("@context") for one in events_of(answer)] == [None, governing[1:]]


def test_the_hash_is_the_id_of_an_event_whose_extension_has_an_event_id(world: World) -> None:
    epc = unique("epc")
    [hashed] = capture(world, event(eventID=None, epcList=[epc], **{"ex:about": {"eventID": "urn:example:other"}}))
    assert ids_of(find(world, MATCH_epc=epc)) == [hashed]


def test_an_event_without_an_id_is_found_by_its_hash(world: World) -> None:
    """The hash of an event (CBV 2.0, event hash id) stands for its missing eventID."""
    [hashed] = capture(world, event(eventID=None, epcList=[unique("epc")]))
    assert hashed.startswith("ni:///sha-256;")
    assert ids_of(find(world, f"/events/{segment(hashed)}")) == [hashed]
    assert ids_of(find(world, EQ_eventID=hashed)) == [hashed]


@pytest.mark.parametrize(
    "event_id", ["https://example.com/a%2Fb/events?x=1#y", "urn:uuid:831c0292-4de1-430a-8255-2aca821abaab"]
)
def test_an_event_and_its_error_declarations_have_one_address(world: World, event_id: str) -> None:
    """A declaration has the eventID of the event that it is about."""
    one = event(eventID=event_id, epcList=[unique("epc")])
    declared = one | {"errorDeclaration": {"declarationTime": "2026-04-01T00:00:00Z"}}
    capture(world, one, declared)
    found = events_of(find(world, f"/events/{segment(event_id)}"))
    assert ["errorDeclaration" in each for each in found] == [False, True]
    assert len(ids_of(find(world, EQ_eventID=event_id))) == 2
    assert len(ids_of(find(world, EQ_eventID=event_id, EXISTS_errorDeclaration="true"))) == 1


@pytest.mark.parametrize(
    ("wanted", "notation"),
    [
        (None, [DL, FOREIGN]),
        ("Always_GS1_Digital_Link", [DL, FOREIGN]),
        ("Never_Translates", [URN, FOREIGN]),
        ("No_Preference", [URN, FOREIGN]),
        # A Digital Link does not say how long its company prefix is.
        ("Always_EPC_URN", [URN, FOREIGN]),
    ],
)
def test_the_client_chooses_the_notation_of_identifiers(world: World, wanted: str | None, notation: list[str]) -> None:
    own, party = unique("thing"), "urn:epc:id:pgln:4012345.00000"
    members: dict[str, Any] = {
        "epcList": [URN, own],
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 2}],
        "readPoint": {"id": "urn:epc:id:sgln:0614141.00777.0"},
        "sourceList": [{"type": "owning_party", "source": party}],
    }
    ids = capture(world, event(**members), event(epcList=[FOREIGN, own], eventTime="2026-02-01T00:00:00Z"))
    headers = [("GS1-EPC-Format", wanted)] if wanted else []
    found = events_of(find(world, MATCH_epc=own, headers=headers))
    assert [one["eventID"] for one in found] == ids
    assert [one["epcList"] for one in found] == [[each, own] for each in notation]
    translated = notation[0] == DL
    lot = "https://id.gs1.org/01/04012345123456/10/L1" if translated else members["quantityList"][0]["epcClass"]
    assert found[0]["quantityList"][0]["epcClass"] == lot
    assert found[0]["readPoint"]["id"].startswith("https://id.gs1.org/414/" if translated else "urn:epc:id:sgln:")
    assert found[0]["sourceList"][0]["source"] == ("https://id.gs1.org/417/4012345000009" if translated else party)


def test_an_unknown_notation_or_version_is_refused(world: World) -> None:
    assert find(world, headers=[("GS1-EPC-Format", "Sometimes")]).status == 400
    assert find(world, headers=[("GS1-EPCIS-Min", "3.0")]).status == 406
    assert find(world, headers=[("Accept", "text/xml")]).status == 406


def test_the_answer_is_json_or_linked_data(world: World) -> None:
    answer = find(world, headers=[("Accept", "application/ld+json")])
    assert answer.header("content-type") == "application/ld+json"
    assert json.loads(answer.body)["type"] == "EPCISQueryDocument"


def test_private_uris_are_matched_byte_for_byte_and_never_translated(world: World) -> None:
    """The normal form of URIs is that of GS1 keys alone."""
    own = "https://Example.com/Thing/" + unique("x")
    [one] = capture(world, event(epcList=[own]))
    assert events_of(find(world, MATCH_epc=own))[0]["epcList"] == [own]
    assert ids_of(find(world, MATCH_epc=own)) == [one]
    assert ids_of(find(world, MATCH_epc=own.lower())) == []
