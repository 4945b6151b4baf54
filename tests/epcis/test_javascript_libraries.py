"""Documents that libraries of others build are captured, and found by every notation of their identifiers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from epcis.captured import events_of, find, ids_of, segment
from generators.tools import Unavailable, npm_package, run
from harness.world import World

PROGRAM = Path(__file__).parent / "javascript" / "capture_documents.js"
EPCIS2 = ("epcis2.js", "2.7.3", "7e22c55795a6eee7f36df0a1441d9a5348be14526f576113c20adc963cf09c57")
DIGITAL_LINK = ("digital-link.js", "1.4.3", "8d9e255fc7a216ede9c7087cd316db035afe62f18190b09fa827d54470243111")
TYPES = ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"]


def test_documents_of_epcis2_js_and_digital_link_js_are_captured(world: World, tmp_path: Path) -> None:
    """With the client of epcis2.js, which reads the job as the standard has it."""
    try:
        files = [
            str(npm_package(*EPCIS2) / "dist" / "epcis2.node.js"),
            str(npm_package(*DIGITAL_LINK) / "dist" / "digital-link.js.browser.js"),
        ]
    except Unavailable as reason:
        pytest.skip(str(reason))
    name = f"js{uuid4().hex[:10]}"
    url = f"{world.server.url}/api/v1/epcis/"
    written = run(["node", str(PROGRAM), *files, name, url], tmp_path, ACCESS_TOKEN=world.owner.access)
    sent = [json.loads(line) for line in written.splitlines()]
    assert [one["job"] for one in sent] == [{"running": False, "success": True, "errors": []}] * 3
    events: list[dict[str, Any]] = [event for one in sent for event in one["document"]["epcisBody"]["eventList"]]
    assert [one["type"] for one in events] == [*TYPES, "ObjectEvent", "ObjectEvent"]
    for event in events:
        headers = [("GS1-EPC-Format", "Never_Translates")]
        answer = find(world, f"/events/{segment(event['eventID'])}", headers=headers)
        assert event in [{key: one[key] for key in one if key != "recordTime"} for one in events_of(answer)]
    for serial in (
        f"urn:epc:id:sgtin:4012345.012345.{name}-1",
        f"https://id.gs1.org/01/04012345123456/21/{name}-1",
        f"https://other.example.org/a/b/01/04012345123456/21/{name}-1",
    ):
        about = ids_of(find(world, MATCH_anyEPC=serial, orderBy="recordTime", orderDirection="ASC"))
        assert about == [f"urn:uuid:{name}-{number}" for number in (1, 2, 3, 4, 6, 6)]
    graph = world.api.get(
        f"/traceability/graph?item={segment(f'https://id.gs1.org/01/04012345123456/21/{name}-3')}&direction=upstream",
        bearer=world.owner.access,
    ).expect(200)
    nodes = {one["id"] for one in graph.json()["data"]["nodes"]}
    assert f"https://id.gs1.org/01/04012345123456/21/{name}-1" in nodes
    assert f"https://id.gs1.org/01/04012345123456/10/{name}L" in nodes
