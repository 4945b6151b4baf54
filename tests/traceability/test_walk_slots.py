"""Walks and costly queries end at a deadline, and an account has only some at the same time (security rule L4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from linkxg.errors import InvalidRequest, RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.long_answer import LongAnswer
from linkxg.http.request_context import RequestContext
from linkxg.network.epcis.query.bounded_query import read_bounded_query
from linkxg.network.traceability import read_graph, walk_turns
from linkxg.network.traceability.read_graph import MAX_WALKS_OF_ACCOUNT, read_aside, read_settled
from linkxg.network.traceability.walk_turns import walk_turn
from traceability.tracing import Tracing

ENDLESS = text("with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n where i < 0")

LENGTHY = text(
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) select count(*) from n"
)


def answer_for(account_id: str) -> LongAnswer:
    async def connected() -> Any:
        await asyncio.Event().wait()

    context = RequestContext("GET", "-", "-", [], connected)
    context.notes["account_id"] = account_id
    return LongAnswer(context)


def test_a_walk_that_takes_too_long_is_refused(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Security rule L4: walks ran one at a time without a deadline: one held up those of all others."""
    monkeypatch.setattr(read_graph, "WALK_S", 0.2)
    with pytest.raises(InvalidRequest, match="too long"):
        tracing.run(read_aside(tracing.database, lambda conn: conn.execute(ENDLESS).all()))


def test_walks_of_an_account_at_the_same_time_are_bounded(tracing: Tracing) -> None:
    """Security rule L4: they queued without a bound."""

    async def run() -> list[Any]:
        def one(account_id: str) -> Any:
            return read_settled(tracing.reader, answer_for(account_id), lambda *_: True, lambda conn: 1)

        asked = [one("a") for _ in range(MAX_WALKS_OF_ACCOUNT + 2)] + [one("b")]
        return await asyncio.gather(*asked, return_exceptions=True)

    found = tracing.run(run())
    refused = [one for one in found if isinstance(one, RateLimitExceeded)]
    assert [one for one in found if one not in refused] == [1] * (MAX_WALKS_OF_ACCOUNT + 1)
    assert len(refused) == 2


def test_many_short_statements_have_a_deadline_together(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Security rule L4: on PostgreSQL each statement had one, and a walk of many none."""
    monkeypatch.setattr(read_graph, "WALK_S", 0.2)

    def unit(conn: Any) -> None:
        while True:
            conn.execute(text("with recursive n(i) as (select 1 union all select i + 1 from n where i < 9000) "
                              "select count(*) from n")).all()  # fmt: skip

    with pytest.raises(InvalidRequest, match="too long"):
        tracing.run(read_aside(tracing.database, unit))
    assert tracing.run(tracing.database.read(lambda conn: conn.execute(text("select 1")).scalar_one())) == 1


def test_the_two_waits_of_a_walk_have_one_deadline(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each had one, so that a request waited twice as long as documented."""
    monkeypatch.setattr(walk_turns, "WAIT_S", 0.6)

    async def one(name: str) -> None:
        async with walk_turn(tracing.database, name):
            await asyncio.sleep(0.4)

    async def run() -> list[Any]:
        # The third waits for the first, of its account, and then for the second.
        return [*await asyncio.gather(one("a"), one("b"), one("a"), return_exceptions=True)]

    first, second, third = tracing.run(run())
    assert (first, second) == (None, None)
    assert isinstance(third, TemporarilyUnavailable)


def test_a_walk_waits_for_one_of_an_account_with_many(tracing: Tracing) -> None:
    """Security rule 227: the walks of a recall held every slot of bounded reads."""
    order: list[str] = []

    async def one(name: str, pause: float = 0.0) -> None:
        async with walk_turn(tracing.database, name):
            order.append(name)
            await asyncio.sleep(pause)

    async def run() -> None:
        await asyncio.gather(*(one("recall", 0.01) for _ in range(5)), one("graph"))

    tracing.run(run())
    assert order.index("graph") <= 2
    assert len(order) == 6


def test_rule_227_a_query_waits_for_one_of_an_account_with_many(tracing: Tracing) -> None:
    """Two dozen costly queries of one account held every slot of bounded reads; those of all others were refused."""
    order: list[str] = []

    async def one(name: str) -> None:
        def unit(conn: Any) -> None:
            order.append(name)
            conn.execute(LENGTHY).all()

        await read_bounded_query(tracing.database, name, unit)

    async def run() -> None:
        await asyncio.gather(*(one("hog") for _ in range(8)), one("other"))

    tracing.run(run())
    assert order.index("other") <= 1
    assert len(order) == 9
