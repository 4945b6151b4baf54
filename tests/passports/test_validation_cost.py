"""What a passport or an event with very many faults costs is bounded by its size, in time and in memory.

Security rule L5. The schema made every error, with a copy of its object, before the first was taken.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.processor_time import processor_time
from linkxg.network.epcis.documents.schema import MAX_FAULTS, check_schema
from linkxg.network.passports.validation.model import MAX_FINDINGS
from linkxg.network.passports.validation.validate import validate

MAX_S = 1.0
"""Of processor time; it was 25 s for the first of these, which now takes less than 0.1 s."""
SUBJECT = "credentialSubject"
WORST: dict[str, Any] = {
    "empty objects": {SUBJECT: {"materialProvenance": [{}] * 85_000}},
    "numbers": {SUBJECT: {"materialProvenance": [0] * 120_000}},
    "lists in lists": {SUBJECT: {"performanceClaim": [{"claimedPerformance": [{}] * 80}] * 900}},
    "unknown members": {SUBJECT: {"materialProvenance": [{f"x{number}": 1 for number in range(22_000)}]}},
    "unknown members that hold lists": {f"x{number}": [0, 0, 0, 0] for number in range(13_000)},
    "wrong at the end": {"@context": ["x"], SUBJECT: {"materialProvenance": [*({"a": 1},) * 30_000, 0]}},
}


@pytest.mark.parametrize("passport", WORST.values(), ids=WORST)
def test_a_passport_of_faults_is_cheap(passport: dict[str, Any]) -> None:
    validate({})
    with processor_time() as taken:
        found = validate(passport)
    assert taken.seconds < MAX_S
    assert not found.valid
    assert len(found.findings) <= MAX_FINDINGS


def test_an_event_of_faults_is_cheap() -> None:
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": "2026-01-01T00:00:00Z",
        "eventTimeZoneOffset": "x",
    }
    check_schema(event)
    with processor_time() as taken:
        found = check_schema(event | {"epcList": [0] * 100_000, "quantityList": [{}] * 100_000})
    assert taken.seconds < MAX_S
    assert 0 < len(found) <= MAX_FAULTS


def test_a_fault_behind_very_many_elements_is_found() -> None:
    """Only the beginning of a long list is looked through, but what is wrong behind it is no valid passport."""
    uris: list[Any] = [f"https://id.gs1.org/01/09520000000011/21/{number}" for number in range(500)]
    event: dict[str, Any] = {
        "type": "ObjectEvent", "action": "OBSERVE", "eventTime": "2026-01-01T00:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": uris,
    }  # fmt: skip
    assert check_schema(event) == []
    event["epcList"] = [*uris, 0]
    (found,) = check_schema(event)
    assert found.pointer == "/epcList/500"
