"""Scans data carriers: the addresses of Digital Links, and what they lead to."""

from __future__ import annotations

from harness.answers import Answer, JsonObject
from harness.world import World

GS1 = "https://ref.gs1.org/voc/"


def slug_of(world: World) -> str:
    return str(world.api.get("/account", bearer=world.owner.access).expect(200).data()["slug"])


def link_of(world: World, product: JsonObject, rest: str = "") -> str:
    """The path of a Digital Link."""
    return f"/{slug_of(world)}/01/{product['gtin']}{rest}"


def scan(world: World, path: str, *, accept: str = "*/*", method: str = "GET") -> Answer:
    return world.api.request(method, f"/{path}", headers={"Accept": accept})


def target(world: World, passport_id: str) -> str:
    return f"{world.server.url}/dpp/{passport_id}"


def linkset(world: World, path: str) -> list[JsonObject]:
    answer = scan(world, f"{path}?linkType=linkset", accept="application/linkset+json").expect(200)
    assert (answer.header("content-type") or "").startswith("application/linkset+json")
    assert 'rel="http://www.w3.org/ns/json-ld#context"' in (answer.header("link") or "")
    found: list[JsonObject] = answer.object()["linkset"]
    return found
