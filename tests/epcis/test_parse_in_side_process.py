"""What another process makes of events is what this one would make of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from epcis.documents import object_event
from linkxg.jobs.side_process import SideProcess
from linkxg.network.epcis.capture import parse_in_side_process as module
from linkxg.network.epcis.capture.parse_in_side_process import parse_in_side_process, serve_parse_request
from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.documents.model import ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event


def _contexts() -> Contexts:
    found = read_contexts({"ext": "https://example.com/epcis/"})
    assert isinstance(found, Contexts)
    return found._replace(ignored=frozenset({"ext:added"}))


def _texts() -> list[str]:
    quantity = {"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 3, "uom": "KGM"}
    report = {"type": "Temperature", "value": 12, "uom": "CEL"}
    sensors = [{"sensorReport": [report]}]
    return [
        json.dumps(object_event("urn:uuid:1")),
        json.dumps(object_event("urn:uuid:2", quantityList=[quantity], sensorElementList=sensors)),
        json.dumps(object_event("urn:uuid:3", **{"ext:smile": "\U0001f600", "ext:n": 2**70, "ext:added": 1})),
        json.dumps(object_event("urn:uuid:4", epcList=["urn:epc:id:sgtin:1"], **{"other:x": 1})),
        '{"type": "ObjectEvent", "type": "ObjectEvent"}',
        "1",
    ]


def test_the_side_process_parses_as_the_job_does() -> None:
    texts, process = _texts(), SideProcess(serve_parse_request)
    try:
        found = parse_in_side_process(process, _contexts(), texts)
        many = parse_in_side_process(process, _contexts(), texts * 100)
    finally:
        process.close()
    expected = [parse_event(text, _contexts()) for text in texts]
    assert found == expected
    assert [isinstance(one, ParsedEvent) for one in found] == [True, True, True, False, False, False]
    assert many == expected * 100


def test_an_event_that_cannot_be_parsed_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_at_numbers(text: str, contexts: Contexts) -> Any:
        if text == "1":
            raise ZeroDivisionError
        return parse_event(text, contexts)

    monkeypatch.setattr(module, "parse_event", fails_at_numbers)
    texts, process = _texts()[:2], SideProcess(serve_parse_request)
    try:
        found = parse_in_side_process(process, _contexts(), ["1", *texts])
    finally:
        process.close()
    assert found[0] is None
    assert found[1:] == [parse_event(text, _contexts()) for text in texts]
