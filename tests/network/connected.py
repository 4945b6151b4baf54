"""Two accounts that are connected, and the requests between them."""

from __future__ import annotations

from typing import Any

from harness.answers import Answer, JsonObject
from harness.people import Session
from harness.rows import execute
from harness.world import World
from linkxg.clock import now_ms
from linkxg.ids import uuid7
from network.sharing import connection_of

ITEM = "https://id.gs1.org/01/09520000002176/21/7"


def insert_connection(world: World, status: str, *, responded: bool = True) -> str:
    connection = uuid7()
    sides = ((world.account, world.other, "OUTGOING"), (world.other, world.account, "INCOMING"))
    for own, partner, direction in sides:
        at = now_ms() if responded else "null"
        execute(
            world.server.database,
            "insert into connections (account_id, id, partner_id, direction, status, relationship, invited_at, "
            f"expires_at, responded_at) values ('{own.account_id}', '{connection}', '{partner.account_id}', "
            f"'{direction}', '{status}', 'PARTNER', {now_ms()}, {now_ms() + 86_400_000}, {at})",
        )
    return connection


def send(world: World, by: Session, connection: str, *, headers: Any = (), **given: Any) -> Answer:
    """A request by this account; for a product unless a type is given."""
    body = {"type": "PRODUCT", "purpose": "For our label."} | given
    return world.api.post(f"/connections/{connection}/requests", bearer=by.access, json=body, headers=headers)


def sent(world: World, by: Session | None = None, **given: Any) -> JsonObject:
    """A pending request, by the second account unless another is given."""
    request: JsonObject = send(world, by or world.other_owner, connection_of(world), **given).expect(201).data()
    return request


def decide(world: World, by: Session, request: JsonObject, verb: str, **options: Any) -> Answer:
    return world.api.post(f"/requests/{request['id']}/{verb}", bearer=by.access, **options)


def read(world: World, by: Session, request: JsonObject) -> Answer:
    return world.api.get(f"/requests/{request['id']}", bearer=by.access)


def feed(world: World, by: Session) -> list[JsonObject]:
    """Everything in the feed of this account."""
    found: list[JsonObject] = []
    query = ""
    while True:
        page = world.api.get(f"/shared/changes?limit=200{query}", bearer=by.access).expect(200).object()
        found += page["data"]
        query = f"&cursor={page['pagination']['nextCursor']}"
        if not page["pagination"]["hasMore"]:
            return found
