"""Reads passports as their owner, as a partner, and as anybody."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from harness.answers import Answer, JsonObject
from harness.world import World
from products.catalogue import complete, create, publish

CREDENTIAL, JWT = "application/vc", "application/vc+jwt"


def passports_of(world: World, product: JsonObject, **wanted: str) -> list[JsonObject]:
    """Of a product of the first account."""
    query = "&".join(f"{name}={value}" for name, value in {"productId": product["id"], **wanted}.items())
    found: list[JsonObject] = world.api.get(f"/dpp?{query}", bearer=world.owner.access).expect(200).object()["data"]
    return found


def passport_of(world: World, product: JsonObject) -> str:
    """The id of the only passport of a product."""
    (found,) = passports_of(world, product)
    return str(found["digitalProductPassportId"]).rpartition("/")[2]


def read_by_id(
    world: World, passport_id: str, query: str = "", *, bearer: str | None = None, accept: str | None = None
) -> Answer:
    """As anybody, unless there is a token."""
    headers = {"Accept": accept} if accept else {}
    return world.api.get(f"//dpp/{passport_id}{query}", bearer=bearer, headers=headers)


def issued(world: World, **members: Any) -> tuple[JsonObject, str]:
    """A published product and the id of its passport."""
    product = create(world, **complete(**members))
    published: JsonObject = publish(world, product).expect(200).data()
    return published, passport_of(world, published)


def decoded(jwt: str) -> tuple[JsonObject, JsonObject]:
    """The header and the payload of a compact JWS, whose signature is not checked."""
    header, payload, _ = (part + "=" * (-len(part) % 4) for part in jwt.split("."))
    return json.loads(urlsafe_b64decode(header)), json.loads(urlsafe_b64decode(payload))
