"""Requests started in the same turn of the event loop are independent."""

from __future__ import annotations

import asyncio

from linkxg.runtime.eager_start import EagerStarter


def test_a_cancelled_request_does_not_drop_those_of_the_same_turn() -> None:
    async def story() -> list[str]:
        said: list[str] = []

        async def request(name: str, *, cancelled: bool = False) -> None:
            if cancelled:
                raise asyncio.CancelledError
            said.append(name)

        beginnings = EagerStarter()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context["message"]))
        for work in (request("first"), request("second", cancelled=True), request("third")):
            beginnings.add(work)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return said

    assert asyncio.run(story()) == ["first", "a request failed", "third"]
