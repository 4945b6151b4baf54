"""An account that looks as if it had been in use for a month.

Made through the API; then its figures are moved into the past, which nobody can do through the API.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass

from browser.showcase_events import ShownEvents, build_events
from browser.showcase_products import Stock, build_stock
from browser.showcase_sharing import Sharing, build_sharing
from browser.showcase_tracing import Tracing, build_tracing
from harness.clients import (
    OAuthClient,
    get_token,
    make_client,
    make_resource_server,
    request_token,
    rotate,
    with_secret,
)
from harness.databases import SqliteDatabase
from harness.people import Person, add_person, invite
from harness.rows import wait_for_count
from harness.vault import with_a_typo
from harness.world import World

DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000


@dataclass(frozen=True)
class Showcase:
    """The world, and what in it is worth looking at."""

    world: World
    erp: OAuthClient
    shop: OAuthClient
    guarded: OAuthClient
    """A resource server."""
    member: Person
    stock: Stock
    sharing: Sharing
    events: ShownEvents
    tracing: Tracing


def build_showcase(world: World) -> Showcase:
    """Fill the first account of a fresh server on SQLite."""
    api, owner = world.api, world.owner
    stock = build_stock(world)
    member = add_person(api, owner, "MEMBER")
    add_person(api, owner, "ADMIN")
    invite(api, owner, "VIEWER", "nora.lindqvist@example.test")
    scope = "products:read products:write connections:read traceability:read dpp:read"
    erp = make_client(api, owner, scope, client_name="ERP Integration")
    make_client(api, owner, "imports:write", client_name="Warehouse sync", allowed_cidrs=["10.0.0.0/8"])
    shop = make_client(api, owner, "products:read", client_name="Shop (old)")
    guarded = make_resource_server(api, owner, "https://carriers.acme.example/api", client_name="Carrier portal")
    disabled = make_client(api, owner, "dpp:read", client_name="Passport pilot")
    api.patch(f"/oauth/clients/{disabled.client_id}", bearer=owner.access, json={"disabled": True}).expect(200)

    token = get_token(api, erp)
    for _ in range(3):
        api.get("/products", bearer=token).expect(200)
    request_token(api, shop).expect(200)
    mistyped = OAuthClient(erp.client_id, with_a_typo(erp.client_secret), erp.scope, "")
    api.vault.remember("client secret", mistyped.client_secret)
    request_token(api, mistyped).expect(401, "invalid_client")
    request_token(api, shop, "products:write").expect(400, "invalid_scope")
    narrow = get_token(api, erp, "products:read")
    body = {"sku": "X-1", "content": {"name": "Refused"}}
    api.post("/products", bearer=narrow, json=body).expect(403, "insufficient_scope")
    renewed = with_secret(erp, rotate(api, erp, owner.access, grace_period_seconds=0).expect(200))
    request_token(api, erp).expect(401, "invalid_client")
    request_token(api, renewed).expect(200)
    with_secret(shop, rotate(api, shop, owner.access, grace_period_seconds=86_400).expect(200))
    wait_for_count(world.server.database, "SELECT count(*) FROM refused_requests", 4)
    _age(world, erp, shop)
    sharing = build_sharing(world, stock)
    return Showcase(world, renewed, shop, guarded, member, stock, sharing, build_events(world), build_tracing(world))


def _age(world: World, erp: OAuthClient, shop: OAuthClient) -> None:
    """A month of use: busy on working days, a few refusals."""
    database = world.server.database
    assert isinstance(database, SqliteDatabase)
    now = int(time.time() * 1000)
    today = now // DAY
    with closing(sqlite3.connect(database.path, timeout=10)) as connection, connection:
        (account_id,) = connection.execute("SELECT account_id FROM oauth_clients LIMIT 1").fetchone()
        connection.execute("DELETE FROM client_usage")
        for client, scale in ((erp.client_id, 9), (shop.client_id, 2)):
            for back in range(30):
                working = (today - back + 3) % 7 < 5
                calls = scale * ((37 * back) % 23 + 40 if working else (11 * back) % 7)
                refused = {3: 4, 4: 1, 17: 9}.get(back, 0)
                row = (account_id, client, today - back, calls // 11 + working, calls, refused)
                connection.execute("INSERT INTO client_usage VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("UPDATE oauth_clients SET created_at = created_at - ?", (94 * DAY,))
        connection.execute(
            "UPDATE client_secrets SET created_at = created_at - ?, last_used_at = last_used_at - ? "
            "WHERE client_id = ? AND expires_at IS NOT NULL",
            (20 * HOUR, 3 * MINUTE, shop.client_id),
        )
        connection.execute(
            "UPDATE oauth_clients SET last_used_at = last_used_at - ? WHERE id = ?", (3 * MINUTE, shop.client_id)
        )
        for number, (row_id, at) in enumerate(connection.execute("SELECT id, at FROM refused_requests").fetchall()):
            past = at - (4 - number) * 7 * HOUR
            connection.execute("UPDATE refused_requests SET at = ? WHERE id = ?", (past, row_id))
        uses = ((f"{erp.client_id}", "products:read", 2 * MINUTE, 48_213), (erp.client_id, "products:write", DAY, 96))
        for client_id, scope, back, number in uses:
            connection.execute(
                "INSERT OR REPLACE INTO client_scope_usage VALUES (?, ?, ?, ?, ?)",
                (account_id, client_id, scope, now - back, number),
            )
