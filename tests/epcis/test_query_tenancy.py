"""Nobody sees the events of another account: not their contents, not their number, not that they exist."""

from __future__ import annotations

import statistics
import time

from epcis.captured import capture, event, find, segment, unique
from harness.world import World


def test_another_account_finds_no_event_of_mine(world: World) -> None:
    epc, step, place, disposition = unique("epc"), unique("step"), unique("place"), unique("disposition")
    [mine] = capture(
        world,
        event(epcList=[epc], bizStep=step, readPoint={"id": place}, bizLocation={"id": place}, disposition=disposition),
    )
    other = world.other_owner.access
    for name, value in {
        "MATCH_epc": epc, "MATCH_anyEPC": epc, "EQ_bizStep": step, "EQ_readPoint": place, "EQ_bizLocation": place,
        "EQ_eventID": mine, "EQ_disposition": disposition,
    }.items():  # fmt: skip
        seen, unseen = find(world, **{name: value}), find(world, bearer=other, **{name: value})
        assert mine.encode() in seen.body
        nothing = find(world, bearer=other, **{name: unique("nothing")})
        assert without_time(unseen.body) == without_time(nothing.body)
    for path in (f"/events/{segment(mine)}", f"/epcs/{segment(epc)}", f"/bizSteps/{segment(step)}/events",
                 f"/readPoints/{segment(place)}", f"/dispositions/{segment(disposition)}/events"):  # fmt: skip
        assert find(world, path).status == 200
        hidden = find(world, path, bearer=other)
        assert hidden.status == 404
    for name, value in {"epcs": epc, "bizSteps": step, "readPoints": place, "bizLocations": place,
                        "dispositions": disposition}.items():  # fmt: skip
        assert value.encode() not in find(world, f"/{name}", bearer=other, perPage=500).body
    assert find(world, bearer=other, MATCH_epc=epc, maxEventCount=1).status == 200


def test_the_same_ids_in_two_accounts_stay_apart(world: World) -> None:
    epc, event_id = unique("epc"), unique("event")
    capture(world, event(eventID=event_id, epcList=[epc], **{"ex:of": "mine"}))
    capture(world, event(eventID=event_id, epcList=[epc], **{"ex:of": "theirs"}), account_id=world.other.account_id)
    for bearer, owner in ((world.owner.access, b"mine"), (world.other_owner.access, b"theirs")):
        for answer in (
            find(world, bearer=bearer, MATCH_epc=epc),
            find(world, f"/events/{segment(event_id)}", bearer=bearer),
        ):
            assert answer.body.count(b'"ex:of"') == 1
            assert owner in answer.body


def test_the_time_of_an_answer_does_not_tell_whether_another_account_has_the_item(world: World) -> None:
    epc, nobody = unique("epc"), unique("epc")
    capture(world, *(event(epcList=[epc]) for _ in range(300)))
    times: dict[str, list[float]] = {epc: [], nobody: []}
    for _ in range(40):
        for asked in times:
            began = time.perf_counter()
            find(world, bearer=world.other_owner.access, MATCH_epc=asked)
            times[asked].append(time.perf_counter() - began)
    known, unknown = (statistics.median(times[asked]) for asked in (epc, nobody))
    assert known < unknown * 1.5 + 0.002


def without_time(body: bytes) -> bytes:
    head, _, rest = body.partition(b'"creationDate":"')
    return head + rest[24:]
