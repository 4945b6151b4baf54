"""Every example of GS1 is captured, and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from epcis.documents import captured, counts
from epcis.gs1_files import examples, needs_vectors
from harness.world import World

REJECTED = {
    # A member name is repeated.
    "AssociationEvent-h.jsonld": "not_json",
    # The same eventIDs as in Example-TransactionEvents-2020_07_03y.jsonld and SensorDataExample13.jsonld.
    "Example-Type-sourceOrDestination,measurement,bizTransaction.jsonld": "duplicate_event_id",
    "SensorDataExample17.jsonld": "duplicate_event_id",
    # The same members in sensorMetadata and sensorReport.
    "aggregation_event_all_possible_fields.jsonld": "given_twice",
    "association_event_all_possible_fields.jsonld": "given_twice",
    "object_event_all_possible_fields.jsonld": "given_twice",
    "transaction_event_all_possible_fields.jsonld": "given_twice",
    "transformation_event_all_possible_fields.jsonld": "given_twice",
}
"""The code of an example with an event that is rejected."""
pytestmark = needs_vectors


def _events(document: dict[str, Any]) -> list[Any]:
    body = document["epcisBody"]
    if "queryResults" in body:
        body = body["queryResults"]["resultsBody"]
    events = body.get("eventList", body.get("event"))
    return events if isinstance(events, list) else [events]


def _count(path: Path) -> int:
    return len(_events(json.loads(path.read_text())))


def test_every_example_is_captured_and_counted(world: World) -> None:
    found = examples()
    assert len(found) > 30
    for path in found:
        job = captured(world, path.read_bytes(), proceed=True)
        assert job["counts"]["processed"] == sum(counts(job)) == _count(path), path.name
        assert {one["code"] for one in job["errors"]} == set(filter(None, [REJECTED.get(path.name)])), (path.name, job)
    for path in found:
        again = captured(world, path.read_bytes(), proceed=True)
        assert again["counts"]["captured"] == 0, path.name
