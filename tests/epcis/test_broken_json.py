"""Broken JSON: the answer says at which line and column."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from epcis.documents import CAPTURE
from harness.world import World
from linkxg.jobs.lines import Unreadable
from linkxg.network.epcis.documents.read_document import EventTexts

HEAD = (
    '{\n "@context": [],\n "type": "EPCISDocument",\n "schemaVersion": "2.0",\n'
    ' "creationDate": "2026-03-01T10:00:00Z",\n'
)


def test_a_document_says_where_its_json_is_broken(world: World) -> None:
    content = (HEAD + ' "epcisBody": {"eventList": [{"a": 1},, {}]}\n}').encode()
    headers = {"Content-Type": "application/json"}
    answer = world.api.post(CAPTURE, bearer=world.owner.access, content=content, headers=headers)
    answer.expect(400, "invalid_request")
    assert "broken at line 6, column 39: " in str(answer.object())


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_of_a_long_document_the_place_of_what_cannot_be_read_is_said(size: int) -> None:
    text = (HEAD + ' "epcisBody": {"eventList": [\n{"a": 1},\n  {"b" 2}]}\n}').encode()

    def blocks() -> Iterator[bytes]:
        yield from (text[at : at + size] for at in range(0, len(text), size))

    with pytest.raises(Unreadable, match="line 8, column 3 ") as found:
        list(EventTexts(blocks()))
    assert found.value.line == 8
