"""The list of a thousand clients is paged, searched and sorted by its address alone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from console.browser import Visitor, text_of
from harness.clients import request_token
from harness.rows import wait_for_count
from harness.world import World

CLIENTS = 1_000
ROWS = 20
LIST = "/account/api-access"


def test_a_thousand_clients_are_paged_searched_and_sorted(fresh_world: Callable[..., World]) -> None:
    world = fresh_world("sqlite")
    _multiply(world)
    request_token(world.api, world.oauth, "products:read dpp:none").expect(400, "invalid_scope")
    wait_for_count(world.server.database, "SELECT count(*) FROM refused_requests", 1)
    visitor = Visitor(world.server.url, world.vault)
    visitor.sign_in(world.account.owner)
    world.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))

    def names(query: str = "") -> list[str]:
        return re.findall(r'<bdi class="clip">([^<]+)</bdi></a>', visitor.get(LIST + query).text)

    first = text_of(visitor.get(LIST))
    assert "1,000 clients" in first
    assert "Page 1 of 50" in first
    assert names() == [f"Client {number:04}" for number in range(1, ROWS + 1)]
    assert names("?page=50")[-1] == "ERP Integration"
    assert names("?q=client+0042") == ["Client 0042"]
    assert names("?q=%25") == [], "a pattern is searched for as text"
    assert len(names("?sort=used")) == len(names("?page=2&sort=created")) == ROWS
    for odd in ("?page=0", "?page=-1", "?page=x", "?sort=none"):
        assert names(odd) == names()
    beyond = text_of(visitor.get(f"{LIST}?page=999"))
    assert "There is no page 999" in beyond
    assert "No OAuth client yet" not in beyond
    assert "ERP Integration : scope not granted" in first, "refused clients have names wherever in the list they are"
    visitor.close()


def _multiply(world: World) -> None:
    with sqlite3.connect(world.server.database.path, timeout=10) as connection:  # type: ignore[attr-defined]
        for number in range(1, CLIENTS):
            # No real id can be one of these: none holds an underscore after its prefix, none is of 1970.
            suffix = f"{number:04}"
            connection.execute(
                "INSERT INTO oauth_clients (account_id, id, name, scope, created_at, created_by, disabled, "
                "allowed_cidrs, self_rotation, epoch, last_used_at) "
                "SELECT account_id, substr(id, 1, 24) || '_' || ?, 'Client ' || ?, scope, "
                "created_at, created_by, disabled, allowed_cidrs, self_rotation, epoch, last_used_at "
                "FROM oauth_clients WHERE id = ?",
                (suffix, suffix, world.oauth.client_id),
            )
            connection.execute(
                "INSERT INTO client_secrets (account_id, client_id, id, digest, hint, created_at, uses) "
                "SELECT account_id, substr(client_id, 1, 24) || '_' || ?, '0000' || ? || substr(id, 9), digest, hint, "
                "created_at, 0 "
                "FROM client_secrets WHERE client_id = ?",
                (suffix, suffix, world.oauth.client_id),
            )
