"""Issues the passports of batches and items, and changes their state, as the API does."""

from __future__ import annotations

from typing import Any

from harness.answers import Answer, JsonObject
from harness.world import World


def issue(world: World, product: JsonObject, *units: JsonObject, **options: Any) -> Answer:
    options.setdefault("bearer", world.owner.access)
    return world.api.post(f"/products/{product['id']}/passports", json={"passports": list(units)}, **options)


def end(world: World, passport_id: str, what: str, body: JsonObject, **options: Any) -> Answer:
    options.setdefault("bearer", world.owner.access)
    return world.api.post(f"/dpp/{passport_id}/{what}", json=body, **options)
