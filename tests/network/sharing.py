"""Connects the two accounts of a world, and shares between them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harness.answers import Answer, JsonObject
from harness.people import Session
from harness.rows import execute, rows
from harness.world import World
from linkxg.clock import now_ms
from linkxg.ids import uuid7
from products.catalogue import complete

SHARED = "/shared/products"


def rfc3339(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def connect(world: World, account_id: str, partner_id: str) -> str:
    """The id of the active connection of two accounts, made behind the program's back if there is none."""
    found = rows(
        world.server.database,
        f"select id from connections where account_id = '{account_id}' and partner_id = '{partner_id}' "
        "and status = 'ACTIVE'",
    )
    if found:
        return found[0][0]
    connection, now = uuid7(), now_ms()
    for one, other, direction in ((account_id, partner_id, "OUTGOING"), (partner_id, account_id, "INCOMING")):
        execute(
            world.server.database,
            "insert into connections (account_id, id, partner_id, direction, status, relationship, invited_at, "
            f"expires_at, responded_at) values ('{one}', '{connection}', '{other}', '{direction}', 'ACTIVE', "
            f"'PARTNER', {now}, {now}, {now})",
        )
    return connection


def connection_of(world: World) -> str:
    """The connection of the first account with the second."""
    return connect(world, world.account.account_id, world.other.account_id)


def post_share(world: World, query: str = "", connection: str | None = None, **terms: Any) -> Answer:
    """One attempt of the first account to share with the second."""
    options = {name: terms.pop(name) for name in ("headers", "bearer") if name in terms}
    where = f"/connections/{connection or connection_of(world)}/shares{query}"
    return world.api.post(where, **{"bearer": world.owner.access} | options, json={"type": "ALL"} | terms)


def share(world: World, product: JsonObject | None = None, **terms: Any) -> JsonObject:
    """A share of a product, or of all."""
    subject = {"type": "PRODUCT", "productId": product["id"]} if product else {}
    made: JsonObject = post_share(world, **subject | terms).expect(201).data()
    return made


def withdraw(world: World, made: JsonObject) -> Answer:
    return world.api.delete(f"/shares/{made['id']}", bearer=world.owner.access)


def end_shares(world: World) -> None:
    """Withdraw every share, behind the program's back."""
    execute(world.server.database, f"update shares set withdrawn_at = {now_ms()} where withdrawn_at is null")


def read_shared(
    world: World, product: JsonObject, query: str = "", by: Session | None = None, **options: Any
) -> Answer:
    """As the second account."""
    return world.api.get(f"{SHARED}/{product['id']}{query}", bearer=(by or world.other_owner).access, **options)


def list_shared(world: World, query: str = "") -> list[JsonObject]:
    """Every page, as the second account."""
    found: list[JsonObject] = []
    cursor = ""
    while True:
        page = world.api.get(f"{SHARED}?{query}{cursor}", bearer=world.other_owner.access).expect(200).object()
        found += page["data"]
        if not page["pagination"]["hasMore"]:
            return found
        cursor = f"&cursor={page['pagination']['nextCursor']}"


def in_category(code: str) -> JsonObject:
    """The member `category` of a product that can be published."""
    category: JsonObject = complete()["category"] | {"code": code}
    return category


def ids_of(found: list[JsonObject]) -> set[str]:
    return {one["id"] for one in found}


def feed_of(world: World, account_id: str) -> list[tuple[str, str]]:
    """(type, share or product) of each entry."""
    columns = "type, coalesce(share_id, product_id, '')"
    sql = f"select {columns} from feed_entries where account_id = '{account_id}' order by seq"
    return [(row[0], row[1]) for row in rows(world.server.database, sql)]
