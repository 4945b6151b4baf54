"""`PATCH …/secrets/{secret_id}`: an overlap can be extended or shortened, within bounds and with the right role."""

from __future__ import annotations

import time
from typing import Any

import pytest

from harness.clients import OAuthClient, create_client, make_client, request_token, rotate, with_secret
from harness.world import World

HOUR, WEEK = 3_600, 604_800


def overlapping(world: World, **options: Any) -> tuple[OAuthClient, OAuthClient, str]:
    """A client whose old secret lives for one more hour: as it was, as it is, and the old secret's address."""
    old = make_client(world.api, world.owner, "products:read", **options)
    answer = rotate(world.api, old, world.owner.access, grace_period_seconds=HOUR).expect(200)
    return old, with_secret(old, answer), f"/oauth/clients/{old.client_id}/secrets/{old.secret_id}"


def ends(world: World, oauth: OAuthClient) -> list[int | None]:
    """When the secrets end, the oldest first."""
    found = world.api.get(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(200).object()
    return [secret["expires_at"] for secret in found["secrets"]]


def test_an_overlap_can_be_extended_and_shortened(world: World) -> None:
    old, new, path = overlapping(world)
    for wanted in (int(time.time()) + WEEK - 60, int(time.time()) + 60):
        answer = world.api.patch(path, bearer=world.owner.access, json={"expires_at": wanted}).expect(200).object()
        assert (answer["id"], answer["expires_at"]) == (old.secret_id, wanted)
        assert "client_secret" not in answer
        assert ends(world, old) == [wanted, None]
        request_token(world.api, old).expect(200)
        request_token(world.api, new).expect(200)
    events = world.api.get("/account/audit-events?action=client.secret_extended", bearer=world.owner.access).expect(200)
    assert events.object()["data"][0]["target"] == old.client_id


@pytest.mark.parametrize("away", [-1, 0, WEEK + 60, 10**12])
def test_an_end_in_the_past_or_beyond_a_week_is_rejected(world: World, away: int) -> None:
    old, _, path = overlapping(world)
    before = ends(world, old)
    body = {"expires_at": int(time.time()) + away}
    world.api.patch(path, bearer=world.owner.access, json=body).expect(400, "invalid_request")
    assert ends(world, old) == before


@pytest.mark.parametrize("body", [{}, {"expires_at": None}, {"expires_at": "1"}, {"expires_at": 1.5}, [], "x"])
def test_a_malformed_end_changes_nothing(world: World, body: Any) -> None:
    old, _, path = overlapping(world)
    before = ends(world, old)
    world.api.patch(path, bearer=world.owner.access, json=body).expect(400, "invalid_request")
    assert ends(world, old) == before


def test_an_overlap_cannot_exceed_the_lifetime_of_the_secret(world: World) -> None:
    lifetime = 2 * HOUR
    old, _, path = overlapping(world, expires_at=int(time.time()) + lifetime)
    body = {"expires_at": int(time.time()) + lifetime + 600}
    world.api.patch(path, bearer=world.owner.access, json=body).expect(400, "invalid_request")
    request_token(world.api, old).expect(200)


def test_only_a_rotated_secret_can_be_extended(world: World) -> None:
    sole = create_client(world.api, world.owner, "products:read").expect(201).object()
    path = f"/oauth/clients/{sole['client_id']}/secrets"
    body = {"expires_at": int(time.time()) + HOUR}
    world.api.patch(f"{path}/{sole['secrets'][0]['id']}", bearer=world.owner.access, json=body).expect(409, "conflict")
    world.api.patch(f"{path}/{world.oauth.secret_id}", bearer=world.owner.access, json=body).expect(404, "not_found")


def test_rule_89_an_expired_secret_cannot_be_extended(world: World) -> None:
    old, _, path = overlapping(world)
    world.api.delete(path, bearer=world.owner.access).expect(204)
    body = {"expires_at": int(time.time()) + HOUR}
    world.api.patch(path, bearer=world.owner.access, json=body).expect(404, "not_found")
    request_token(world.api, old).expect(401, "invalid_client")


def test_only_owners_and_admins_of_the_account_extend_a_secret(world: World) -> None:
    old, new, path = overlapping(world)
    before = ends(world, old)
    body = {"expires_at": int(time.time()) + 2 * HOUR}
    world.api.patch(path, json=body).expect(401, "invalid_token")
    world.api.patch(path, bearer=world.other_owner.access, json=body).expect(404, "not_found")
    own_token = request_token(world.api, new).expect(200).object()["access_token"]
    for bearer in (own_token, world.session("MEMBER").access, world.session("VIEWER").access):
        world.api.patch(path, bearer=bearer, json=body).expect(403, "access_denied")
    assert ends(world, old) == before
    world.api.patch(path, bearer=world.session("ADMIN").access, json=body).expect(200)
    assert ends(world, old) == [body["expires_at"], None]
