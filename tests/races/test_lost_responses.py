"""A caller that lost the answer repeats the request with the same Idempotency-Key. Promise R18.

The answer is lost on its way back (the change is committed), or the caller hangs up at once (it may be, or not yet).
"""

from __future__ import annotations

import pytest

from harness.clients import ALL_SCOPES, request_token, with_secret
from harness.people import me, refresh, sign_in
from harness.rows import count
from harness.world import World
from races.conftest import ClientsFactory

LOST = pytest.mark.parametrize("unread", [True, False], ids=["answer lost", "hung up"])


@LOST
def test_r18_a_lost_refresh_is_repeated(arena: World, new_clients: ClientsFactory, unread: bool) -> None:
    session = sign_in(arena.api, arena.account.owner)
    client, other = new_clients(2)
    body, key = {"refreshToken": session.refresh}, {"Idempotency-Key": "lost"}
    client.send_and_disconnect("POST", "/auth/refresh", json=body, headers=key, unread=unread)
    data = refresh(other, session.refresh, key="lost").expect(200).data()
    me(client, data["accessToken"]).expect(200)
    again = refresh(client, session.refresh, key="lost", reveals=False, repeats=True).expect(200).data()
    assert again["refreshToken"] == data["refreshToken"]
    refresh(other, data["refreshToken"]).expect(200)


@LOST
def test_r18_a_lost_rotation_is_repeated(arena: World, new_clients: ClientsFactory, unread: bool) -> None:
    oauth = arena.new_client()
    client, other = new_clients(2)
    path, key = f"/oauth/clients/{oauth.client_id}/rotate", {"Idempotency-Key": f"lost {oauth.client_id}"}
    client.send_and_disconnect("POST", path, bearer=arena.owner.access, headers=key, unread=unread)
    rotated = other.post(path, bearer=arena.owner.access, headers=key, reveals=True).expect(200)
    request_token(other, with_secret(oauth, rotated)).expect(200)
    made = f"SELECT count(*) FROM client_secrets WHERE client_id = '{oauth.client_id}'"
    assert count(arena.server.database, made) == 2
    assert count(arena.server.database, f"{made} AND revoked_at IS NULL") == 1


@LOST
def test_r18_a_lost_creation_is_repeated(arena: World, new_clients: ClientsFactory, unread: bool) -> None:
    client, other = new_clients(2)
    name = f"Lost, {unread}"
    body, key = {"client_name": name, "scope": ALL_SCOPES}, {"Idempotency-Key": name}
    client.send_and_disconnect(
        "POST", "/oauth/clients", bearer=arena.owner.access, json=body, headers=key, unread=unread
    )
    made = other.post("/oauth/clients", bearer=arena.owner.access, json=body, headers=key, reveals=True).expect(201)
    arena.api.get(f"/oauth/clients/{made.object()['client_id']}", bearer=arena.owner.access).expect(200)
    assert count(arena.server.database, f"SELECT count(*) FROM oauth_clients WHERE name = '{name}'") == 1
