"""Does the page of an account with a thousand clients stay within fifteen times a read of one product?"""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Callable

from console.browser import Visitor
from harness.world import World

CLIENTS = 1_000
TIMES = 15
ROUNDS = 40


def test_a_thousand_clients(fresh_world: Callable[..., World]) -> None:
    world = fresh_world("sqlite")
    world.oauth  # noqa: B018  one made properly, of which the others are copies
    product = {"sku": "P-1", "content": {"name": "Product"}}
    made = world.api.post("/products", bearer=world.owner.access, json=product).expect(201).data()
    _multiply(world)
    visitor = Visitor(world.server.url, world.vault)
    assert visitor.sign_in(world.account.owner).status_code == 303
    world.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))
    assert "1,000 clients" in visitor.get("/account/api-access").text
    token = {"Authorization": f"Bearer {world.owner.access}"}
    for _ in range(ROUNDS):
        visitor.get("/account/api-access")
        assert visitor.http.get(f"/api/v1/products/{made['id']}", headers=token).status_code == 200
    log = world.server.log_events("request")
    page = _median(log, "/account/api-access")
    read = _median(log, "/api/v1/products/{product_id}")
    visitor.close()
    print(f"page {page:.2f} ms, product {read:.2f} ms")
    assert page <= TIMES * read, f"the page takes {page:.2f} ms, a product {read:.2f} ms: {page / read:.1f} times"


def _median(log: list[dict[str, object]], route: str) -> float:
    found = [float(str(event["ms"])) for event in log if event.get("route") == route and event.get("method") == "GET"]
    assert len(found) >= ROUNDS - 5, "the log lags behind by a few lines at most"
    return statistics.median(found)


def _multiply(world: World) -> None:
    with sqlite3.connect(world.server.database.path, timeout=10) as connection:  # type: ignore[attr-defined]
        for number in range(1, CLIENTS):
            suffix = f"{number:04}"
            connection.execute(
                "INSERT INTO oauth_clients SELECT account_id, substr(id, 1, 25) || ?, 'Client ' || ?, scope, "
                "created_at, created_by, disabled, allowed_cidrs, self_rotation, epoch, last_used_at "
                "FROM oauth_clients WHERE id = ?",
                (suffix, suffix, world.oauth.client_id),
            )
            connection.execute(
                "INSERT INTO client_secrets (account_id, client_id, id, digest, hint, created_at, uses) "
                "SELECT account_id, substr(client_id, 1, 25) || ?, substr(id, 1, 32) || ?, digest, hint, created_at, 0 "
                "FROM client_secrets WHERE client_id = ?",
                (suffix, suffix, world.oauth.client_id),
            )
