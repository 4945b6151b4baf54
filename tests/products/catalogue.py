"""Makes products that no other test knows of."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from harness.answers import Answer, JsonObject
from harness.world import World
from linkxg.catalog.identifiers.check_digit import check_digit

PRODUCTS = "/products"
_numbers = count(1)


def new_sku() -> str:
    return f"S-{uuid4()}"


def new_gtin(length: int = 13) -> str:
    """A GTIN of this length that no other test uses."""
    digits = f"{40_000 + next(_numbers)}".ljust(length - 1, "0") if length > 8 else f"{next(_numbers):07d}"
    return digits + str(check_digit(digits))


def body(**members: Any) -> JsonObject:
    """What makes a product; `members` are those of its content, besides SKU and GTIN."""
    head = {name: members.pop(name) for name in ("sku", "gtin") if name in members}
    return {"sku": new_sku(), "content": {"name": "Hex bolt"} | members} | head


def complete(**members: Any) -> JsonObject:
    """Members of a product that can be published."""
    return {
        "gtin": new_gtin(),
        "description": "Zinc plated",
        "brand": "Acme",
        "category": {
            "code": "10003386", "name": "Fasteners", "schemeId": "https://gpc.example/", "schemeName": "GS1 GPC",
        },
        "facility": {"name": "Works 1", "gln": "4012345000009"},
        "countryOfProduction": "DE",
    } | members  # fmt: skip


def post(world: World, content: JsonObject, **options: Any) -> Answer:
    """One attempt to create a product in the first account."""
    return world.api.post(PRODUCTS, bearer=world.owner.access, json=content, **options)


def create(world: World, **members: Any) -> JsonObject:
    """A new product of the first account."""
    made: JsonObject = post(world, body(**members)).expect(201).data()
    return made


def path(product: JsonObject) -> str:
    return f"{PRODUCTS}/{product['id']}"


def content_with(made: JsonObject, **members: Any) -> JsonObject:
    """The content of a product with other members."""
    content: JsonObject = made["content"] | members
    return content


def read(world: World, product: JsonObject, **options: Any) -> Answer:
    return world.api.get(path(product), bearer=world.owner.access, **options)


def change(world: World, product: JsonObject, patch: Any, **options: Any) -> Answer:
    """A merge patch of SKU, GTIN and content."""
    return world.api.patch(path(product), bearer=world.owner.access, json=patch, **options)


def delete(world: World, product: JsonObject, **options: Any) -> Answer:
    return world.api.delete(path(product), bearer=world.owner.access, **options)


def publish(world: World, product: JsonObject, note: str | None = None, **options: Any) -> Answer:
    options.setdefault("json", None if note is None else {"changeNote": note})
    return world.api.post(f"{path(product)}/publish", bearer=world.owner.access, **options)


def version(world: World, product: JsonObject, number: int | str, **options: Any) -> Answer:
    return world.api.get(f"{path(product)}/versions/{number}", bearer=world.owner.access, **options)


def withdraw(world: World, product: JsonObject, number: int, reason: str = "Wrong mass", **options: Any) -> Answer:
    where = f"{path(product)}/versions/{number}/withdraw"
    return world.api.post(where, bearer=world.owner.access, json={"reason": reason}, **options)


def published(world: World, **members: Any) -> JsonObject:
    """A product whose first version is published, as it is read."""
    made: JsonObject = publish(world, create(world, **complete(**members))).expect(200).data()
    del made["dpp"]
    return made
