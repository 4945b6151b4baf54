"""No secret is stored or logged, however oddly it was sent. Security rules 6, 92, 115 and U6."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from attacks.cases import TOKEN_PATH
from conftest import assert_no_leaks
from harness.client import FORM_TYPE, INVITATION
from harness.clients import get_token, introspect, request_token, revoke, rotate, with_secret
from harness.people import accept, invite, login, logout, me, refresh, sign_in
from harness.raw_http import request_bytes, send_raw
from harness.secret_leaks import leaks, places
from harness.smtp_sink import SmtpSink
from harness.world import World

WorldFactory = Callable[..., World]


def ordinary_day(world: World) -> None:
    """Every flow once, as it should go and as it goes wrong."""
    api = world.api
    session = world.session("ADMIN")
    mistyped = world.vault.invent("mistyped password", length=24)
    login(api, session.person.email, mistyped)
    login(api, mistyped, session.person.password)
    follower = refresh(api, session.refresh).expect(200).data()
    refresh(api, session.refresh).expect(401, "invalid_token")
    me(api, follower["accessToken"]).expect(401, "invalid_token")
    again = sign_in(api, session.person)
    new = world.vault.password()
    for current in (mistyped, session.person.password):
        api.post("/auth/password", bearer=again.access, json={"currentPassword": current, "newPassword": new})
    logout(api, again.access).expect(200)
    oauth = world.new_client()
    token = get_token(api, oauth)
    api.get("/products", bearer=token).expect(200)
    api.post("/products", bearer=token, json={"sku": "C-1", "content": {"name": "Canary"}}).expect(201)
    introspect(api, oauth, token)
    revoke(api, oauth, token)
    renewed = with_secret(oauth, rotate(api, oauth, world.owner.access, grace_period_seconds=60).expect(200))
    for client in (oauth, renewed):
        request_token(api, client, "unknown")
        request_token(api, client, grant_type="password")
    invite(api, world.owner, "VIEWER")


def odd_places(world: World, secret: str) -> list[bytes]:
    """Requests that carry a secret where none belongs."""
    api = world.api
    blob = secret.encode()
    json_type, form_type = ("Content-Type", "application/json"), ("Content-Type", FORM_TYPE)
    bearer = ("Authorization", f"Bearer {world.owner.access}")

    def made(method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"") -> bytes:
        return request_bytes(api, method, path, headers, body)

    return [
        made("GET", f"/api/v1/products?access_token={quote(secret)}", []),
        made("GET", f"/api/v1/products?q={quote(secret)}&cursor={quote(secret)}&limit={quote(secret)}", [bearer]),
        made("POST", f"{TOKEN_PATH}?client_secret={quote(secret)}", [form_type], b"grant_type=x"),
        made("GET", f"/api/v1/{quote(secret)}", [bearer]),
        made("GET", f"/{quote(secret)}", []),
        made("GET", f"/api/v1/products/{quote(secret)}", [bearer]),
        made("GET", f"/api/v1/oauth/clients/{quote(secret)}", [bearer]),
        made("DELETE", f"/api/v1/auth/sessions/{quote(secret)}", [bearer]),
        made("POST", f"/api/v1/invitations/{quote(secret)}/accept", [json_type], b'{"password":"short"}'),
        made("GET", "/api/v1/products", [bearer, ("User-Agent", secret)]),
        made("GET", "/api/v1/products", [bearer, ("X-Request-Id", secret[:60])]),
        made("GET", "/api/v1/products", [bearer, ("Referer", f"https://a.example/?token={secret}")]),
        made("GET", "/api/v1/products", [bearer, ("Cookie", f"session={secret}")]),
        made("GET", "/api/v1/products", [bearer, ("X-Forwarded-For", secret)]),
        made("GET", "/api/v1/products", [bearer, ("Origin", f"https://{secret}.example")]),
        made("GET", "/api/v1/products", [("Authorization", secret)]),
        made("GET", "/api/v1/products", [("Authorization", f"Secret {secret}")]),
        made("GET", "/api/v1/products", [("Authorization", f"Bearer {secret}")]),
        made("POST", TOKEN_PATH, [form_type, ("Authorization", f"Basic {secret}")], b"grant_type=x"),
        made("POST", TOKEN_PATH, [form_type], b"grant_type=" + blob),
        made("POST", TOKEN_PATH, [form_type], b"grant_type=client_credentials&client_id=" + blob
             + b"&client_secret=" + blob),
        made("POST", TOKEN_PATH, [form_type], blob + b"=1&" + blob + b"=2"),
        made("POST", TOKEN_PATH, [form_type], b"scope=" + blob + b"&token=" + blob),
        made("POST", TOKEN_PATH, [("Content-Type", f"text/{secret}")], b"a=b"),
        made("POST", "/api/v1/auth/login", [json_type], b'{"email":"%s@example.test","password":"%s"}' % (blob, blob)),
        made("POST", "/api/v1/auth/login", [json_type], b'{"%s":"a"}' % blob),
        made("POST", "/api/v1/auth/login", [json_type], b'{"email":"a@example.test","password":{"%s":1}}' % blob),
        made("POST", "/api/v1/auth/login", [json_type], b'{"email":"a@example.test","password":"%s"' % blob),
        made("POST", "/api/v1/auth/login", [json_type], blob),
        made("POST", "/api/v1/auth/refresh", [json_type], b'{"refreshToken":["%s"]}' % blob),
        made("POST", "/api/v1/auth/refresh", [json_type, ("Idempotency-Key", secret)],
             b'{"refreshToken":"%s"}' % blob),
        made("POST", "/api/v1/products", [bearer, json_type], b'{"%s":1}' % blob),
        made("POST", "/api/v1/products", [bearer, json_type], b'{"sku":{"%s":"%s"},"content":1}' % (blob, blob)),
        made("POST", "/api/v1/products", [bearer, json_type], b'{"sku":"a","content":{"%s":"%s"}}' % (blob, blob)),
        made("POST", "/api/v1/account/users", [bearer, json_type], b'{"email":"%s","role":"%s"}' % (blob, blob)),
        made("POST", "/api/v1/oauth/clients", [bearer, json_type],
             b'{"client_name":"a","scope":"%s","allowed_cidrs":["%s"]}' % (blob, blob)),
        made("PATCH", f"/api/v1/account/users/{quote(secret)}", [bearer, json_type], b'{"role":"%s"}' % blob),
        made("POST", "/api/v1/oauth/introspect", [form_type], b"token=" + blob),
        made("POST", "/api/v1/oauth/revoke", [form_type], b"token=" + blob + b"&token_type_hint=" + blob),
        made(quote(secret)[:30].upper(), "/api/v1/products", []),
        made("GET", "/api/v1/products", [(secret[:40].replace(".", "-"), "a")]),
        b"GET " + blob + b"\r\n\r\n",
        blob + b"\r\n\r\n",
    ]  # fmt: skip


@pytest.fixture
def secrets_of(fresh_world: WorldFactory, engine: str) -> tuple[World, dict[str, str]]:
    """A server of its own with one secret of every kind."""
    world = fresh_world(engine)
    session = world.session("MEMBER")
    oauth = world.new_client("products:read")
    _, invitation = invite(world.api, world.owner, "VIEWER")
    return world, {
        "password": session.person.password,
        "client secret": oauth.client_secret,
        "access token": get_token(world.api, oauth),
        "refresh token": session.refresh,
        "invitation token": invitation,
        "basic credential": world.vault.basic(oauth.client_id, oauth.client_secret).removeprefix("Basic "),
    }


def test_rule_115_no_secret_is_stored_or_logged(secrets_of: tuple[World, dict[str, str]]) -> None:
    world, secrets = secrets_of
    ordinary_day(world)
    for secret in secrets.values():
        for request in odd_places(world, secret):
            # Every answer is held against the vault: nothing may be echoed either. A refresh token may succeed once.
            send_raw(world.api, request, framing=True, reveals=True)
    assert_no_leaks(world.server)
    world.server.restart()
    assert_no_leaks(world.server)


def test_the_searched_places_are_readable(world: World) -> None:
    """A look for leaks that finds nothing has to be able to find something."""
    content = places(world.server)
    assert b'"started"' in content["log"]
    assert b"# TYPE" in content["metrics"]
    # What may rest there does: so the content is readable, not compressed or encrypted away.
    assert world.account.owner.email.encode() in content["database"]
    assert world.account.owner.email.encode() in content["backup"]


def test_the_search_notices_a_leak(world: World) -> None:
    visible = world.vault.remember("planted", world.account.owner.email)
    try:
        assert "database" in {leak.place for leak in leaks(world.server, with_backup=False)}
    finally:
        world.vault.forget(visible)


def test_rule_115_invitations_by_mail_reach_the_mailbox_only(fresh_world: WorldFactory, smtp_sink: SmtpSink) -> None:
    world = fresh_world(LINKXG_SMTP_URL=smtp_sink.url)
    invited = {"email": "mailed@example.test", "role": "VIEWER"}
    # Not `reveals`: what is mailed is not handed out here as well.
    world.api.post("/account/users", bearer=world.owner.access, json=invited).expect(201)
    link = INVITATION.search(smtp_sink.wait_for(invited["email"]).text())
    assert link is not None
    token = world.vault.remember("mailed invitation token", link.group(1))
    accept(world.api, token, world.vault.password()).expect(201)
    assert_no_leaks(world.server)


def test_rule_115_an_unreachable_mail_server_leaks_nothing(fresh_world: WorldFactory) -> None:
    password = "mail-password-canary-42"
    world = fresh_world(LINKXG_SMTP_URL=f"smtp://user:{password}@127.0.0.1:1")
    world.vault.remember("mail password", password)
    invite(world.api, world.owner, "VIEWER")
    assert_no_leaks(world.server)
