"""Every example of GS1 is captured, and comes back as it was sent (decision 0030)."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs

from epcis.captured import segment
from epcis.documents import captured, counts
from epcis.gs1_files import examples, needs_vectors, vector
from harness.people import Session
from harness.world import World
from network.partners import new_account

NOT_JSON = "AssociationEvent-h.jsonld"
"""The only one that is rejected: it has a member name twice."""
REUSED = {
    # The same eventIDs as in AssociationEvent-f.jsonld and SensorDataExample13.jsonld.
    "Example-Type-sourceOrDestination,measurement,bizTransaction.jsonld",
    "SensorDataExample17.jsonld",
}
"""Each has other events under ids of another example, so that one account cannot hold both."""
pytestmark = needs_vectors


def _events(document: dict[str, Any]) -> list[dict[str, Any]]:
    body = document["epcisBody"]
    if "queryResults" in body:
        body = body["queryResults"]["resultsBody"]
    events = body.get("eventList", body.get("event"))
    return events if isinstance(events, list) else [events]


def _prefixes(context: Any) -> dict[str, str]:
    """Those that a context declares by itself."""
    members = context if isinstance(context, list) else [context]
    return {name: uri for member in members if isinstance(member, dict) for name, uri in member.items()}


def _without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


def _require_stored(world: World, by: Session, sent: dict[str, Any], context: Any) -> None:
    """The event is in the answer for its id exactly as it was sent, with prefixes that mean the same."""
    if "eventID" in sent:
        path = f"/epcis/events/{segment(sent['eventID'])}"
    else:
        # The only identifier of such an event is in the answer.
        path = (
            f"/epcis/events?GE_eventTime={segment(sent['eventTime'])}&orderBy=eventTime&orderDirection=ASC&perPage=100"
        )
    headers = {"GS1-EPC-Format": "Never_Translates"}
    document = world.api.get(path, bearer=by.access, headers=headers).expect(200).object()
    jsonschema_rs.validator_for(vector("epcis/EPCIS-JSON-Schema.json")).validate(document)
    added = ("@context", "recordTime", *(() if "eventID" in sent else ("eventID",)))
    wanted = _without(sent, "@context", "recordTime")
    [found, *_] = [one for one in _events(document) if _without(one, *added) == wanted]
    assert found["eventID"]
    shown = _prefixes(document["@context"]) | _prefixes(found.get("@context", []))
    declared = _prefixes(context) | _prefixes(sent.get("@context", []))
    assert declared.items() <= shown.items()


def test_every_example_is_captured_and_comes_back_as_it_was_sent(world: World) -> None:
    found = examples()
    assert len(found) > 40
    first, second = new_account(world), new_account(world)
    for path in found:
        by = second if path.name in REUSED else first
        job = captured(world, path.read_bytes(), by=by)
        if path.name == NOT_JSON:
            assert {one["code"] for one in job["errors"]} == {"not_json"}
            continue
        sent = json.loads(path.read_text())
        events = _events(sent)
        assert (job["success"], job["errors"], sum(counts(job))) == (True, [], len(events)), path.name
        for event in events:
            _require_stored(world, by, event, sent["@context"])


def test_examples_that_are_sent_again_add_nothing(world: World) -> None:
    by = new_account(world)
    for expected in (True, False):
        for path in examples():
            job = captured(world, path.read_bytes(), proceed=True, by=by)
            assert job["counts"]["processed"] == sum(counts(job))
            assert expected or job["counts"]["captured"] == 0, path.name
            rejected = {one["code"] for one in job["errors"]}
            assert rejected == ({"not_json"} if path.name == NOT_JSON else
                                {"duplicate_event_id"} if path.name in REUSED else set()), path.name  # fmt: skip
