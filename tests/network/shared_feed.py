"""Connects accounts and shares products behind the program's back."""

from __future__ import annotations

from harness.answers import Answer, JsonObject
from harness.rows import execute
from harness.world import World
from linkxg.clock import now_ms
from linkxg.ids import uuid7

CHANGES = "/shared/changes"


def insert_share(
    world: World,
    *,
    product: JsonObject | None = None,
    category: str | None = None,
    versions: str = "ALL",
    expires_at: int | None = None,
) -> str:
    """A share of the first account for the second: of a product, of a category, or of all. Returns its id."""
    share, type = uuid7(), "PRODUCT" if product else "CATEGORY" if category else "ALL"
    subject = product["id"] if product else f"c:{category}" if category else "*"
    columns = {
        "account_id": world.account.account_id, "id": share, "viewer_id": world.other.account_id,
        "connection_id": uuid7(), "type": type, "product_id": product["id"] if product else None,
        "category": category, "subject": subject, "versions": versions, "traceability": "NONE", "trace_tiers": 0,
        "passport_roles": "[]", "expires_at": expires_at, "created_at": now_ms(), "created_by": "test",
    }  # fmt: skip
    texts = ["null" if value is None else f"'{value}'" for value in columns.values()]
    execute(world.server.database, f"insert into shares ({', '.join(columns)}) values ({', '.join(texts)})")
    return share


def read_feed(world: World, query: str = "") -> Answer:
    """The feed of the second account."""
    return world.api.get(f"{CHANGES}?limit=200{query}", bearer=world.other_owner.access)


def newest(world: World) -> str:
    """The cursor at the end of the second account's feed."""
    cursor: str = read_feed(world, "&start=newest").expect(200).object()["pagination"]["nextCursor"]
    return cursor


def entries_after(world: World, cursor: str, query: str = "") -> list[JsonObject]:
    found: list[JsonObject] = read_feed(world, f"&cursor={cursor}{query}").expect(200).object()["data"]
    return found


def entries_cursor(world: World, cursor: str, count: int) -> str:
    """The cursor after so many entries."""
    query = f"{CHANGES}?cursor={cursor}&limit={count}"
    following: str = (
        world.api.get(query, bearer=world.other_owner.access).expect(200).object()["pagination"]["nextCursor"]
    )
    return following


def types_after(world: World, cursor: str) -> list[str]:
    return [entry["type"] for entry in entries_after(world, cursor)]
