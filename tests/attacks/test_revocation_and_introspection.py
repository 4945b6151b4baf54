"""Who may revoke or introspect a token, with answers that reveal nothing else. Security rules 63 to 66."""

from __future__ import annotations

import pytest

from attacks.cases import case, forged
from harness.clients import get_token, introspect, is_accepted, make_client, revoke
from harness.people import me, refresh
from harness.token_forge import decode_unverified
from harness.world import World

INACTIVE = {"active": False}
GARBAGE = ["abc", "a.b.c", "lxgref_" + "a" * 30, "\u00e9\u00e9", "x" * 5000, "' OR 1=1 --"]


@pytest.mark.parametrize("token", [case(63, f"garbage {number}", text) for number, text in enumerate(GARBAGE)])
@pytest.mark.parametrize("hint", [case(63, "no hint", {}), case(63, "wrong hint", {"token_type_hint": "x"})])
def test_unknown_tokens_are_revoked_with_success(world: World, token: str, hint: dict[str, str]) -> None:
    assert revoke(world.api, world.oauth, token, **hint).status == 200


def test_rule_63_a_revoked_token_is_invalid_at_once(world: World) -> None:
    token, sibling = world.token(), world.token()
    assert is_accepted(world.api, token)
    assert revoke(world.api, world.oauth, token).status == 200
    assert not is_accepted(world.api, token)
    assert is_accepted(world.api, sibling)
    assert introspect(world.api, world.oauth, token).expect(200).object() == INACTIVE
    assert revoke(world.api, world.oauth, token).status == 200


@pytest.mark.parametrize("hint", [case(63, name, name) for name in ("refresh_token", "access_token", "id_token")])
def test_a_wrong_hint_is_ignored(world: World, hint: str) -> None:
    token = world.token()
    assert revoke(world.api, world.oauth, token, token_type_hint=hint).status == 200
    assert not is_accepted(world.api, token)


def test_rule_63_another_clients_token_stays_valid(world: World) -> None:
    stranger = world.new_client()
    token = world.token()
    assert revoke(world.api, stranger, token).status == 200
    assert revoke(world.api, world.other_oauth, token).status == 200
    assert is_accepted(world.api, token)


def test_rule_63_a_client_cannot_end_a_persons_session(world: World) -> None:
    session = world.session("MEMBER")
    for client in (world.oauth, world.other_oauth):
        assert revoke(world.api, client, session.access).status == 200
        assert revoke(world.api, client, session.refresh).status == 200
    me(world.api, session.access).expect(200)
    refresh(world.api, session.refresh).expect(200)


@pytest.mark.parametrize("path", [case(63, "revoke", "/oauth/revoke"), case(65, "introspect", "/oauth/introspect")])
def test_client_authentication_is_required(world: World, path: str) -> None:
    token = world.token()
    world.api.post(path, form={"token": token}).expect(401, "invalid_client")
    world.api.post(path, form={"token": token, "client_id": world.oauth.client_id}).expect(400, "invalid_request")
    world.api.post(path, form={"token": token}, bearer=token).expect(401, "invalid_client")
    wrong = world.vault.invent("mistyped client secret", prefix="lxgsec_", length=49)
    form = {"token": token, "client_id": world.oauth.client_id, "client_secret": wrong}
    world.api.post(path, form=form).expect(401, "invalid_client")
    assert is_accepted(world.api, token)


@pytest.mark.parametrize("path", [case(66, "revoke", "/oauth/revoke"), case(66, "introspect", "/oauth/introspect")])
@pytest.mark.parametrize("method", [case(66, name, name) for name in ("GET", "PUT", "DELETE", "HEAD")])
def test_only_post_is_answered(world: World, path: str, method: str) -> None:
    answer = world.api.request(method, f"{path}?token=abc")
    assert answer.status == 405, answer


@pytest.mark.parametrize("path", [case(66, "revoke", "/oauth/revoke"), case(66, "introspect", "/oauth/introspect")])
def test_rule_6_a_token_in_the_uri_is_not_read(world: World, path: str) -> None:
    token = world.token()
    headers = {"Authorization": world.vault.basic(world.oauth.client_id, world.oauth.client_secret)}
    world.api.post(f"{path}?token={token}", form={"a": "b"}, headers=headers).expect(400, "invalid_request")
    assert is_accepted(world.api, token)


def test_rule_65_an_active_token_is_described(world: World) -> None:
    token = world.token("products:read dpp:read")
    body = introspect(world.api, world.oauth, token).expect(200).object()
    claims = decode_unverified(token)[1]
    assert body["active"] is True
    for name in ("scope", "client_id", "sub", "exp", "iat", "iss", "aud", "jti"):
        assert body[name] == claims[name]
    assert body["token_type"] == "Bearer"


def test_rule_65_inactive_tokens_reveal_nothing_else(world: World) -> None:
    dead = [
        forged(world, claims={"exp": 1000, "iat": 100}),
        forged(world, claims={"aud": "https://evil.example"}),
        forged(world, header={"typ": "JWT"}),
        *GARBAGE,
        world.oauth.client_secret,
        world.vault.invent("refresh token", prefix="lxgref_"),
    ]
    for token in dead:
        assert introspect(world.api, world.oauth, token).expect(200).object() == INACTIVE


def test_rule_66_tokens_of_another_account_are_inactive(world: World) -> None:
    token = world.token()
    assert introspect(world.api, world.other_oauth, token).expect(200).object() == INACTIVE
    session = world.session("MEMBER")
    for secret in (session.access, session.refresh):
        assert introspect(world.api, world.other_oauth, secret).expect(200).object() == INACTIVE
    assert introspect(world.api, world.oauth, token).object()["active"] is True


def test_rule_65_tokens_of_a_disabled_client_are_inactive(world: World) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    token = get_token(world.api, oauth)
    path = f"/oauth/clients/{oauth.client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    assert introspect(world.api, world.oauth, token).object() == INACTIVE
    assert not is_accepted(world.api, token)


def test_rule_66_no_secret_is_described(world: World) -> None:
    """An introspected refresh token or client secret must not become an oracle for its value."""
    oauth = world.new_client("products:read")
    body = introspect(world.api, world.oauth, oauth.client_secret).expect(200).object()
    assert body == INACTIVE
