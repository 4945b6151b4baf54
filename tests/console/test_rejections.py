"""Rejected requests: the exact cause with method and path, never a secret, and a bounded number of them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html import unescape

import pytest

from attacks.cases import forge_for
from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.clients import OAuthClient, get_token, is_accepted, make_client, request_token, rotate
from harness.people import Session, sign_in
from harness.rows import count, rows, wait_for_count
from harness.world import World

KEPT = 500
OF_CLIENT = 50
FLUSH_S = 2
TOKEN, CREATE, READ = "POST /api/v1/oauth/token", "POST /api/v1/products", "GET /api/v1/products"
Provoke = Callable[[World, Session, OAuthClient], None]


def _of(oauth: OAuthClient) -> str:
    return f"SELECT count(*) FROM refused_requests WHERE client_id = '{oauth.client_id}'"


def _mistyped(world: World, oauth: OAuthClient) -> OAuthClient:
    text = oauth.client_secret
    wrong = world.vault.remember("client secret", text[:-1] + ("a" if text[-1] != "a" else "b"))
    return OAuthClient(oauth.client_id, wrong, oauth.scope, "")


def mistype(world: World, by: Session, oauth: OAuthClient) -> None:
    request_token(world.api, _mistyped(world, oauth)).expect(401, "invalid_client")


def use_anothers_secret(world: World, by: Session, oauth: OAuthClient) -> None:
    another = make_client(world.api, by, "products:read")
    mixed = OAuthClient(oauth.client_id, another.client_secret, oauth.scope, "")
    request_token(world.api, mixed).expect(401, "invalid_client")


def use_a_retired_secret(world: World, by: Session, oauth: OAuthClient) -> None:
    rotate(world.api, oauth, by.access).expect(200)
    request_token(world.api, oauth).expect(401, "invalid_client")


def use_an_expired_secret(world: World, by: Session, oauth: OAuthClient) -> None:
    rotate(world.api, oauth, by.access, grace_period_seconds=3_600).expect(200)
    path = f"/oauth/clients/{oauth.client_id}/secrets/{oauth.secret_id}"
    world.api.patch(path, bearer=by.access, json={"expires_at": int(time.time()) + 3}).expect(200)
    deadline = time.monotonic() + 20
    while request_token(world.api, oauth).status == 200:
        assert time.monotonic() < deadline


def be_disabled(world: World, by: Session, oauth: OAuthClient) -> None:
    world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=by.access, json={"disabled": True}).expect(200)
    request_token(world.api, oauth).expect(401, "invalid_client")


def come_from_elsewhere(world: World, by: Session, oauth: OAuthClient) -> None:
    body = {"allowed_cidrs": ["10.0.0.0/8"]}
    world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=by.access, json=body).expect(200)
    request_token(world.api, oauth).expect(401, "invalid_client")


def ask_for_too_much(world: World, by: Session, oauth: OAuthClient) -> None:
    request_token(world.api, oauth, "dpp:read").expect(400, "invalid_scope")


def call_with_too_little(world: World, by: Session, oauth: OAuthClient) -> None:
    body = {"sku": "X", "name": "X"}
    world.api.post("/products", bearer=get_token(world.api, oauth), json=body).expect(403, "insufficient_scope")


def use_a_revoked_token(world: World, by: Session, oauth: OAuthClient) -> None:
    token = get_token(world.api, oauth)
    rotate(world.api, oauth, by.access, revoke_tokens=True).expect(200)
    assert not is_accepted(world.api, token)


def use_an_expired_token(world: World, by: Session, oauth: OAuthClient) -> None:
    now = int(time.time())
    old = forge_for(world).with_changes(get_token(world.api, oauth), claims={"iat": now - 1_000, "exp": now - 100})
    assert not is_accepted(world.api, world.vault.remember("forged token", old))


@pytest.mark.parametrize(
    ("provoke", "expected", "asked"),
    [
        (mistype, "Mistyped secret: its checksum does not match.", TOKEN),
        (use_anothers_secret, "Wrong secret: well-formed, but never a secret of this client.", TOKEN),
        (use_a_retired_secret, "replaced on", TOKEN),
        (use_an_expired_secret, "it ended on", TOKEN),
        (be_disabled, "The client is disabled.", TOKEN),
        (come_from_elsewhere, "The address is outside the ranges allowed for this client.", TOKEN),
        (ask_for_too_much, "The token request named dpp:read, which is not granted.", TOKEN),
        (call_with_too_little, "The call needed products:write, which its token does not have.", CREATE),
        (use_a_revoked_token, "The token was revoked", READ),
        (use_an_expired_token, "The token had expired", READ),
    ],
)  # fmt: skip
def test_the_cause_of_a_rejection_is_shown(
    world: World, owner: Visitor, provoke: Provoke, expected: str, asked: str
) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    provoke(world, world.owner, oauth)
    wait_for_count(world.server.database, _of(oauth), 1)
    page = text_of(owner.get(f"/account/refusals?client={oauth.client_id}"))
    assert expected in page
    assert asked in page
    request_id = rows(
        world.server.database, f"SELECT request_id FROM refused_requests WHERE client_id = '{oauth.client_id}'"
    )[0][0]
    assert request_id in page
    assert expected in text_of(owner.get(f"/account/api-access/{oauth.client_id}"))


def test_a_retired_key_is_named(fresh_world: Callable[..., World]) -> None:
    world = fresh_world("sqlite")
    oauth = make_client(world.api, world.owner, "products:read")
    token = get_token(world.api, oauth)
    kid = forge_for(world).kid
    world.server.command("keys", "rotate")
    world.server.command("keys", "retire", kid)
    assert not is_accepted(world.api, token)
    wait_for_count(world.server.database, _of(oauth), 1)
    visitor = Visitor(world.server.url, world.vault)
    visitor.sign_in(world.account.owner)
    world.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))
    assert "signed with a key that has been retired" in text_of(visitor.get("/account/refusals?cause=key_retired"))
    visitor.close()


def test_an_account_keeps_its_newest_rejections(world: World, new_visitor: NewVisitor) -> None:
    person = world.server.bootstrap("Many Refusals Ltd", another=True).owner
    by = sign_in(world.api, person)
    clients = [make_client(world.api, by, "products:read") for _ in range(KEPT // OF_CLIENT + 2)]
    for oauth in clients:
        wrong = _mistyped(world, oauth)
        for _ in range(OF_CLIENT):
            request_token(world.api, wrong).expect(401, "invalid_client")
    wait_for_count(world.server.database, _of(clients[-1]), OF_CLIENT)
    account = f"account_id = (SELECT account_id FROM oauth_clients WHERE id = '{clients[0].client_id}')"
    assert count(world.server.database, f"SELECT count(*) FROM refused_requests WHERE {account}") == KEPT
    assert [count(world.server.database, _of(oauth)) for oauth in clients[:3]] == [0, 0, OF_CLIENT]
    visitor, path, seen = new_visitor(person), "/account/refusals?cause=mistyped_secret", []
    while path:
        page = visitor.get(path).text
        seen += re.findall(r'<tr id="([^"]+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = unescape(older[1]) if older else ""
    assert len(seen) == KEPT
    assert seen == sorted(set(seen), reverse=True), "each once, the newest first"


def test_a_flood_of_rejections_is_only_counted(world: World) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    wrong = _mistyped(world, oauth)
    sent, started = 8 * OF_CLIENT, time.monotonic()
    for _ in range(sent):
        request_token(world.api, wrong).expect(401, "invalid_client")
    writes = (time.monotonic() - started) // FLUSH_S + 2
    counted = f"SELECT coalesce(sum(refused), 0) FROM client_usage WHERE client_id = '{oauth.client_id}'"
    wait_for_count(world.server.database, counted, sent)
    assert count(world.server.database, counted) == sent, "every one is counted"
    assert OF_CLIENT <= count(world.server.database, _of(oauth)) <= writes * OF_CLIENT


def test_rejections_of_another_account_are_not_shown(world: World, owner: Visitor) -> None:
    mistype(world, world.other_owner, world.other_oauth)
    wait_for_count(world.server.database, _of(world.other_oauth), 1)
    assert world.other_oauth.client_id not in owner.get("/account/refusals").text
