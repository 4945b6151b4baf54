"""`/oauth/clients`: every row of the contract's table."""

from __future__ import annotations

import time
from typing import Any

import pytest

from harness.answers import Answer
from harness.clients import create_client, get_token, introspect, is_accepted, request_token, rotate, with_secret
from harness.world import World

CLIENT = {
    "client_id",
    "client_name",
    "scope",
    "client_id_issued_at",
    "created_by",
    "disabled",
    "allowed_cidrs",
    "self_rotation",
    "dpop_bound_access_tokens",
    "tls_client_certificate_bound_access_tokens",
    "last_used_at",
    "secrets",
    "token_endpoint_auth_methods",
}
SECRET = {"id", "hint", "created_at", "expires_at", "last_used_at", "last_used_ip"}
ROTATED = {
    "client_id",
    "client_secret",
    "client_secret_expires_at",
    "previous_secret_expires_at",
    "revoked_tokens",
}


def read(world: World, client_id: str) -> dict[str, Any]:
    return world.api.get(f"/oauth/clients/{client_id}", bearer=world.owner.access).expect(200).object()


def change(world: World, client_id: str, **body: Any) -> Answer:
    return world.api.patch(f"/oauth/clients/{client_id}", bearer=world.owner.access, json=body)


def test_a_client_is_created(world: World) -> None:
    answer = create_client(world.api, world.owner, "products:read dpp:read").expect(201)
    body = answer.object()
    assert body.keys() == CLIENT | {"client_secret", "client_secret_expires_at"}
    assert body["client_name"] == "ERP Integration"
    assert body["scope"] == "products:read dpp:read"
    assert body["client_secret_expires_at"] == 0
    assert body["created_by"] == world.account.owner.user_id
    assert abs(body["client_id_issued_at"] - time.time()) < 30
    assert (body["disabled"], body["allowed_cidrs"], body["self_rotation"]) == (False, [], True)
    assert body["last_used_at"] is None
    assert [secret.keys() for secret in body["secrets"]] == [SECRET]
    assert answer.header("cache-control") == "no-store"


def test_a_client_is_created_with_every_option(world: World) -> None:
    expiry = int(time.time()) + 86_400
    body = (
        create_client(
            world.api,
            world.owner,
            "products:read",
            expires_at=expiry,
            allowed_cidrs=["127.0.0.0/8", "2001:db8::/32"],
            self_rotation=False,
        )
        .expect(201)
        .object()
    )
    assert body["client_secret_expires_at"] == body["secrets"][0]["expires_at"] == expiry
    assert body["allowed_cidrs"] == ["127.0.0.0/8", "2001:db8::/32"]
    assert body["self_rotation"] is False


@pytest.mark.parametrize("role", ["OWNER", "ADMIN", "MEMBER", "VIEWER"])
def test_only_owners_and_admins_manage_clients(world: World, role: str) -> None:
    session = world.owner if role == "OWNER" else world.session(role)
    client_id = world.oauth.client_id
    answers = [
        create_client(world.api, session, "products:read"),
        world.api.get("/oauth/clients", bearer=session.access),
        world.api.get(f"/oauth/clients/{client_id}", bearer=session.access),
    ]
    if role in {"OWNER", "ADMIN"}:
        assert [answer.status for answer in answers] == [201, 200, 200]
        return
    answers += [
        world.api.patch(f"/oauth/clients/{client_id}", bearer=session.access, json={"client_name": "x"}),
        world.api.delete(f"/oauth/clients/{client_id}", bearer=session.access),
        rotate(world.api, world.oauth, session.access),
        world.api.delete(f"/oauth/clients/{client_id}/secrets/{world.oauth.secret_id}", bearer=session.access),
    ]
    for answer in answers:
        answer.expect(403, "access_denied")


def test_clients_are_listed_and_read(world: World) -> None:
    made = world.new_client("products:read")
    listed = world.api.get("/oauth/clients?limit=200", bearer=world.owner.access).expect(200).object()
    assert listed.keys() == {"clients", "next_cursor"}
    found = next(entry for entry in listed["clients"] if entry["client_id"] == made.client_id)
    assert found == read(world, made.client_id)
    assert found.keys() == CLIENT


def test_clients_are_paged(world: World) -> None:
    for _ in range(3):
        world.new_client("products:read")
    seen: list[str] = []
    path = "/oauth/clients?limit=2"
    while True:
        body = world.api.get(path, bearer=world.owner.access).expect(200).object()
        assert len(body["clients"]) <= 2
        seen += [entry["client_id"] for entry in body["clients"]]
        if body["next_cursor"] is None:
            break
        path = f"/oauth/clients?limit=2&cursor={body['next_cursor']}"
    assert len(seen) == len(set(seen)) >= 3
    world.api.get("/oauth/clients?cursor=nonsense", bearer=world.owner.access).expect(400, "invalid_cursor")
    world.api.get("/oauth/clients?limit=0", bearer=world.owner.access).expect(400, "invalid_request")


def test_every_member_can_be_patched(world: World) -> None:
    made = world.new_client("products:read products:write")
    body = {
        "client_name": "Warehouse",
        "scope": "products:read",
        "disabled": True,
        "allowed_cidrs": ["10.0.0.0/8"],
        "self_rotation": False,
        "token_endpoint_auth_methods": ["client_secret_basic", "private_key_jwt"],
    }
    changed = change(world, made.client_id, **body).expect(200).object()
    assert changed.keys() == CLIENT
    assert {name: changed[name] for name in body} == body
    assert read(world, made.client_id) == changed


def test_a_disabled_client_gets_and_uses_nothing(world: World) -> None:
    made = world.new_client("products:read")
    token = get_token(world.api, made)
    change(world, made.client_id, disabled=True).expect(200)
    request_token(world.api, made).expect(401, "invalid_client")
    assert not is_accepted(world.api, token)
    change(world, made.client_id, disabled=False).expect(200)
    assert is_accepted(world.api, get_token(world.api, made))


def test_a_client_bound_to_addresses(world: World) -> None:
    made = world.new_client("products:read")
    change(world, made.client_id, allowed_cidrs=["192.0.2.0/24"]).expect(200)
    request_token(world.api, made).expect(401, "invalid_client")
    change(world, made.client_id, allowed_cidrs=["127.0.0.0/8"]).expect(200)
    request_token(world.api, made).expect(200)


def test_tokens_die_with_their_client(world: World) -> None:
    made = world.new_client("products:read")
    token = get_token(world.api, made)
    answer = world.api.delete(f"/oauth/clients/{made.client_id}", bearer=world.owner.access).expect(204)
    assert answer.body == b""
    assert not is_accepted(world.api, token)
    request_token(world.api, made).expect(401, "invalid_client")
    world.api.get(f"/oauth/clients/{made.client_id}", bearer=world.owner.access).expect(404, "not_found")
    world.api.delete(f"/oauth/clients/{made.client_id}", bearer=world.owner.access).expect(404, "not_found")


def test_rotation_without_a_body_replaces_the_secret_at_once(world: World) -> None:
    made = world.new_client("products:read")
    token = get_token(world.api, made)
    answer = rotate(world.api, made, world.owner.access).expect(200)
    body = answer.object()
    assert body.keys() == ROTATED
    assert body["client_id"] == made.client_id
    assert (body["client_secret_expires_at"], body["previous_secret_expires_at"]) == (0, None)
    assert body["revoked_tokens"] is False
    assert answer.header("cache-control") == "no-store"
    request_token(world.api, made).expect(401, "invalid_client")
    request_token(world.api, with_secret(made, answer)).expect(200)
    assert is_accepted(world.api, token)


def test_rotation_with_a_grace_period_keeps_both_secrets(world: World) -> None:
    made = world.new_client("products:read")
    answer = rotate(world.api, made, world.owner.access, grace_period_seconds=604_800).expect(200)
    until = answer.object()["previous_secret_expires_at"]
    assert abs(until - (time.time() + 604_800)) < 30
    request_token(world.api, made).expect(200)
    request_token(world.api, with_secret(made, answer)).expect(200)
    secrets = read(world, made.client_id)["secrets"]
    assert [secret["expires_at"] for secret in secrets] == [until, None]


def test_rotation_can_revoke_tokens(world: World) -> None:
    made = world.new_client("products:read")
    token = get_token(world.api, made)
    body = rotate(world.api, made, world.owner.access, revoke_tokens=True).expect(200).object()
    assert body["revoked_tokens"] is True
    assert not is_accepted(world.api, token)
    assert introspect(world.api, world.oauth, token).object() == {"active": False}


@pytest.mark.parametrize("seconds", [-1, 604_801])
def test_a_grace_period_out_of_bounds_is_rejected(world: World, seconds: int) -> None:
    answer = rotate(world.api, world.oauth, world.owner.access, grace_period_seconds=seconds)
    answer.expect(400, "invalid_request")


def test_a_client_rotates_itself_unless_self_rotation_is_off(world: World) -> None:
    made = world.new_client("products:read")
    token = get_token(world.api, made)
    rotated = rotate(world.api, made, token).expect(200)
    rotate(world.api, world.oauth, token).expect(404, "not_found")
    change(world, made.client_id, self_rotation=False).expect(200)
    rotate(world.api, with_secret(made, rotated), token).expect(403, "access_denied")
    rotate(world.api, made, world.owner.access).expect(200)


def test_an_overlap_can_be_ended_early(world: World) -> None:
    made = world.new_client("products:read")
    answer = rotate(world.api, made, world.owner.access, grace_period_seconds=3_600).expect(200)
    old, new = (secret["id"] for secret in read(world, made.client_id)["secrets"])
    path = f"/oauth/clients/{made.client_id}/secrets"
    world.api.delete(f"{path}/{old}", bearer=world.owner.access).expect(204)
    request_token(world.api, made).expect(401, "invalid_client")
    request_token(world.api, with_secret(made, answer)).expect(200)
    world.api.delete(f"{path}/{old}", bearer=world.owner.access).expect(404, "not_found")
    world.api.delete(f"{path}/{new}", bearer=world.owner.access).expect(409, "conflict")


def test_another_accounts_client_does_not_exist(world: World) -> None:
    theirs = f"/oauth/clients/{world.other_oauth.client_id}"
    bearer = world.owner.access
    for answer in (
        world.api.get(theirs, bearer=bearer),
        world.api.patch(theirs, bearer=bearer, json={"client_name": "mine"}),
        world.api.delete(theirs, bearer=bearer),
        world.api.post(f"{theirs}/rotate", bearer=bearer),
        world.api.delete(f"{theirs}/secrets/{world.other_oauth.secret_id}", bearer=bearer),
    ):
        answer.expect(404, "not_found")


def test_unknown_members_are_refused(world: World) -> None:
    create_client(world.api, world.owner, "products:read", client_secret="mine").expect(400, "invalid_request")
    change(world, world.oauth.client_id, account_id="x").expect(400, "invalid_request")
