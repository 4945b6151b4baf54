"""Asks for what passports withhold, gives access by links, and opens them."""

from __future__ import annotations

from typing import Any

from harness.answers import Answer, JsonObject
from harness.world import World
from linkxg.clock import DAY, now_ms, rfc3339

ACCESS = {"brand": ["authority"], "modelNumber": ["legitimateInterest"]}


CONTENT = {"brand": "For authorities", "modelNumber": "For recyclers", "access": ACCESS}


def until(days: int) -> str:
    return rfc3339(now_ms() + days * DAY)


def ask(world: World, passport_id: str, **members: Any) -> Answer:
    given = {"role": "legitimateInterest", "purpose": "We recycle.", "contact": "lab@recycler.example"} | members
    return world.api.post(f"/dpp/{passport_id}/access-requests", json=given)


def granted(world: World, passport_id: str, **members: Any) -> JsonObject:
    given = {"roles": ["authority"], "purpose": "File 4711", "recipient": "Authority", "expiresAt": until(30)} | members
    answer = world.api.post(f"/dpp/{passport_id}/grants", bearer=world.owner.access, json=given, reveals=True)
    made: JsonObject = answer.expect(201).data()
    return made


def path_of(world: World, grant: JsonObject) -> str:
    link = str(grant["link"])
    assert link.startswith(f"{world.server.url}/dpp/access/lxgdpp_")
    return "/" + link.removeprefix(world.server.url)


def opened(world: World, path: str, accept: str = "application/json") -> Answer:
    return world.api.post(path, headers={"Accept": accept})
