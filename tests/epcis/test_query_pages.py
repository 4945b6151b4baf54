"""Pages of a query: in order, each event once, whatever is captured in the meantime."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from epcis.captured import EXTENSIONS, capture, event, events_of, find, ids_of, segment, unique
from harness.answers import Answer
from harness.world import World


def next_of(answer: Answer) -> str | None:
    """The path of the next page."""
    link = answer.header("link")
    if link is None:
        assert answer.header("gs1-next-page-token-expires") is None
        return None
    assert link.endswith('>; rel="next"')
    assert answer.header("gs1-next-page-token-expires")
    parts = urlsplit(link[1:].partition(">")[0])
    return f"{parts.path.removeprefix('/api/v1')}?{parts.query}"


def pages(world: World, first: Answer, headers: Any = ()) -> list[Answer]:
    found = [first]
    while (path := next_of(found[-1])) is not None:
        found.append(world.api.request("GET", path, bearer=world.owner.access, headers=headers))
    return found


def at(minute: int) -> str:
    return f"2026-05-01T10:{minute:02}:00.000Z"


@pytest.mark.parametrize("condition", ["epc", "pattern", "step", "transaction", "place and step"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_have_every_event_once_in_order(world: World, condition: str, direction: str) -> None:
    epc, step, order, place = unique("epc"), unique("step"), unique("order"), unique("place")
    serials = [f"urn:epc:id:sgtin:4012345.0999{number:02}.{unique('s').rpartition(':')[2]}" for number in range(3)]
    minutes = [5, 3, 3, 9, 1, 3, 7]
    made = [
        event(
            eventTime=at(minute), bizStep=step, readPoint={"id": place}, epcList=[epc, serials[minute % 3]],
            bizTransactionList=[{"type": "po", "bizTransaction": order}],
        )
        for minute in minutes
    ]  # fmt: skip
    ids = capture(world, *made)
    query: dict[str, dict[str, Any]] = {
        "epc": {"MATCH_epc": epc},
        "pattern": {"MATCH_epc": serials, "EQ_bizStep": step},
        "step": {"EQ_bizStep": [step, "nothing"]},
        "transaction": {"EQ_bizTransaction_po": order},
        "place and step": {"EQ_readPoint": place, "EQ_bizStep": [step, "packing"]},
    }
    first = find(world, perPage=2, orderBy="eventTime", orderDirection=direction, **query[condition])
    found = [one for page in pages(world, first) for one in ids_of(page)]
    ordered = sorted(range(len(ids)), key=lambda number: (minutes[number], number), reverse=direction == "DESC")
    assert found == [ids[number] for number in ordered]


def test_events_that_are_captured_while_somebody_reads_neither_repeat_nor_hide_others(world: World) -> None:
    epc = unique("epc")
    ids = capture(world, *(event(epcList=[epc], eventTime=at(minute)) for minute in range(0, 40, 4)))
    answer, found = find(world, MATCH_epc=epc, perPage=3), []
    while True:
        found += ids_of(answer)
        capture(world, event(epcList=[epc], eventTime=at(59)), event(epcList=[epc], eventTime=at(len(found) + 1)))
        path = next_of(answer)
        if path is None:
            break
        answer = world.api.request("GET", path, bearer=world.owner.access)
    assert [one for one in found if one in ids] == ids[::-1]
    assert len(found) == len(set(found))


def test_a_limit_counts_over_all_pages(world: World) -> None:
    epc = unique("epc")
    ids = capture(world, *(event(epcList=[epc], eventTime=at(minute)) for minute in range(8)))
    first = find(world, MATCH_epc=epc, orderBy="eventTime", eventCountLimit=5, perPage=2)
    assert [one for page in pages(world, first) for one in ids_of(page)] == ids[:2:-1]


def test_events_can_be_in_the_order_of_their_capture(world: World) -> None:
    epc = unique("epc")
    ids = [
        capture(world, event(epcList=[epc], eventTime=at(minute)), at=1_700_000_000_000 + 5 - minute)[0]
        for minute in range(5)
    ]
    first = find(world, MATCH_epc=epc, orderBy="recordTime", perPage=2)
    assert [one for page in pages(world, first) for one in ids_of(page)] == ids


@pytest.mark.parametrize("values", [[3, 1.5, 20], ["b", "a", "c"]], ids=["numbers", "texts"])
def test_events_can_be_in_the_order_of_an_extension(world: World, values: list[Any]) -> None:
    epc, order = unique("epc"), sorted(range(3), key=lambda place: values[place])
    ids = capture(world, *(event(epcList=[epc], **{"ex:rank": value}) for value in values))
    [without] = capture(world, event(epcList=[epc]))
    first = find(world, MATCH_epc=epc, orderBy="ex:rank", orderDirection="ASC", perPage=1, headers=[EXTENSIONS])
    found = [one for page in pages(world, first, [EXTENSIONS]) for one in ids_of(page)]
    assert found == [*(ids[place] for place in order), without]


def test_a_page_token_belongs_to_its_query_and_to_its_account(world: World) -> None:
    epc = unique("epc")
    capture(world, *(event(epcList=[epc]) for _ in range(3)))
    path = next_of(find(world, MATCH_epc=epc, perPage=1))
    assert path is not None
    [token] = parse_qs(urlsplit(path).query)["nextPageToken"]
    for bearer, query in ((world.other_owner.access, {"MATCH_epc": epc}), (world.owner.access, {"MATCH_anyEPC": epc})):
        answer = find(world, bearer=bearer, nextPageToken=token, **query)
        assert answer.status == 400, answer
        assert "nextPageToken" in answer.json()["detail"]


def test_a_page_token_cannot_be_deleted(world: World) -> None:
    answer = world.api.request("DELETE", "/epcis/nextPageToken/abc", bearer=world.owner.access)
    assert answer.status == 501
    assert answer.json()["type"] == "epcisException:ImplementationException"


def test_collections_have_pages(world: World) -> None:
    steps = {unique("step") for _ in range(5)}
    capture(world, *(event(bizStep=step) for step in steps))
    answers = pages(world, find(world, "/bizSteps", perPage=2))
    members = [member for answer in answers for member in answer.json()["member"]]
    assert members == sorted(set(members))
    assert steps <= set(members)
    assert all(len(answer.json()["member"]) <= 2 for answer in answers)


def test_the_collection_of_epcs_has_no_classes(world: World) -> None:
    epc, lot = unique("epc"), f"https://id.gs1.org/01/04012345123456/10/{unique('l').rpartition(':')[2]}"
    capture(world, event(epcList=[epc], quantityList=[{"epcClass": lot, "quantity": 1}]))
    members = [member for page in pages(world, find(world, "/epcs", perPage=500)) for member in page.json()["member"]]
    assert epc in members
    assert lot not in members


def test_events_of_a_collection_take_all_parameters(world: World) -> None:
    step = unique("step")
    ids = capture(world, event(bizStep=step, action="ADD"), event(bizStep=step))
    path = f"/bizSteps/{segment(step)}"
    assert find(world, path).json()["member"] == ["events"]
    assert set(ids_of(find(world, f"{path}/events"))) == set(ids)
    assert ids_of(find(world, f"{path}/events", EQ_action="ADD")) == ids[:1]
    assert events_of(find(world, f"{path}/events", EQ_bizStep="nothing")) == []
    assert find(world, f"{path}/events", EQ_nothing="1").status == 400


def test_a_page_ends_where_its_events_get_too_large(world: World) -> None:
    epc = unique("epc")
    ids = capture(
        world, *(event(epcList=[epc], eventTime=at(minute), **{"ex:a": "x" * 900_000}) for minute in range(11))
    )
    answers = pages(world, find(world, MATCH_epc=epc, perPage=500))
    assert [one for page in answers for one in ids_of(page)] == ids[::-1]
    assert len(answers) == 2
