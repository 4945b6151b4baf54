"""A long body is authorised at its end, and once a second in between: not with each of its parts."""

from __future__ import annotations

import asyncio

import pytest

from linkxg.errors import InvalidToken
from linkxg.http import request_context
from linkxg.http.request_context import RequestContext

PARTS = 200


def authorised(*, cut_after: int = PARTS) -> list[int]:
    """How many parts had arrived at each decision about the caller, whose rights end after `cut_after` parts."""
    arrived, decided = 0, []

    async def receive() -> dict[str, object]:
        nonlocal arrived
        arrived += 1
        return {"type": "http.request", "body": b"x", "more_body": arrived < PARTS}

    async def authorise_again() -> None:
        decided.append(arrived)
        if arrived > cut_after:
            raise InvalidToken

    async def read() -> None:
        request = RequestContext("POST", "id", "203.0.113.9", [], receive)
        request.authorise_again = authorise_again
        async for _ in request.stream(PARTS):
            pass

    if cut_after == PARTS:
        asyncio.run(read())
    else:
        with pytest.raises(InvalidToken):
            asyncio.run(read())
    return decided


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part takes longer than the time between two decisions."""
    monkeypatch.setattr(request_context, "AUTHORISE_EVERY_S", 0.0)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """All parts arrive within the time between two decisions, however busy the machine is."""
    monkeypatch.setattr(request_context, "AUTHORISE_EVERY_S", 3_600.0)


@pytest.mark.usefixtures("fast")
def test_a_fast_body_is_authorised_at_its_end() -> None:
    assert authorised() == [PARTS]


@pytest.mark.usefixtures("slow")
def test_a_slow_body_is_authorised_while_it_arrives() -> None:
    assert authorised() == list(range(1, PARTS + 1))


@pytest.mark.usefixtures("slow")
def test_a_slow_body_ends_soon_after_the_rights_of_its_caller() -> None:
    assert authorised(cut_after=25)[-1] == 26


@pytest.mark.usefixtures("fast")
def test_the_last_part_is_always_authorised() -> None:
    assert authorised(cut_after=PARTS - 1) == [PARTS]
