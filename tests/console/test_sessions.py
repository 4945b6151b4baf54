"""Cookies, forms and headers of the console (security rules 51 and 95 to 104)."""

from __future__ import annotations

import re

import pytest

from console.browser import Visitor, secret_in, text_of
from console.conftest import NewVisitor
from harness.clients import make_client
from harness.people import Person, me, sign_in
from harness.rows import rows
from harness.world import World

COOKIE = re.compile(r"linkxg=(lxgweb_[0-9a-f]{96}); HttpOnly; Path=/; SameSite=lax", re.IGNORECASE)


def _cookie(visitor: Visitor) -> str:
    return str(visitor.http.cookies["linkxg"])


def test_sign_in_issues_a_new_cookie(world: World, new_visitor: NewVisitor, someone: Person) -> None:
    visitor = new_visitor()
    planted = "lxgweb_" + "ab" * 48
    visitor.http.cookies.set("linkxg", planted)
    answer = visitor.sign_in(someone)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    set_cookies = answer.headers.get_list("set-cookie")
    assert any(COOKIE.fullmatch(value) for value in set_cookies), set_cookies
    found = next(match[1] for value in set_cookies if (match := COOKIE.fullmatch(value)))
    assert found != planted
    stored = rows(world.server.database, "SELECT count(*) FROM sessions WHERE kind = 'console'")
    assert int(stored[0][0]) >= 1
    assert world.vault.remember("console cookie", found)


def test_over_tls_the_cookie_is_bound_to_the_host(fresh_world: object) -> None:
    world = fresh_world("sqlite", LINKXG_TRUSTED_PROXIES="127.0.0.0/8", LINKXG_PUBLIC_URL="https://linkxg.test")  # type: ignore[operator]
    visitor = Visitor(world.server.url, world.vault)
    headers = {"X-Forwarded-For": "192.0.2.4", "X-Forwarded-Proto": "https", "Accept": "text/html"}
    answer = visitor.get("/sign-in", headers=headers)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-linkxg-entry=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    visitor.close()


def test_signing_in_again_ends_the_previous_session(world: World, owner: Visitor, someone: Person) -> None:
    before = _cookie(owner)
    form = owner.http.get("/sign-in", headers={"Accept": "text/html"})
    assert form.status_code == 303, "who is signed in needs no form"
    csrf = owner.csrf()
    person = someone
    answer = owner.post("/sign-in", [("csrf", csrf), ("email", person.email), ("password", person.password)])
    assert answer.status_code == 303
    assert _cookie(owner) != before
    stale = Visitor(world.server.url, world.vault)
    stale.http.cookies.set("linkxg", before)
    assert stale.get("/account/sessions").headers["location"].startswith("/sign-in")
    stale.close()


def test_cookies_and_tokens_are_not_interchangeable(world: World, owner: Visitor, someone: Person) -> None:
    cookie = world.vault.remember("console cookie", _cookie(owner))
    me(world.api, cookie).expect(401, "invalid_token")
    world.api.post("/auth/refresh", json={"refreshToken": cookie}).expect(401, "invalid_token")
    answer = owner.http.get("/api/v1/auth/me")
    assert answer.status_code == 401, "the API looks at no cookie"
    session = sign_in(world.api, someone)
    for value in (session.access, session.refresh, cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), cookie.upper()):
        stranger = Visitor(world.server.url, world.vault)
        stranger.http.cookies.set("linkxg", value)
        assert stranger.get("/account/sessions").status_code == 303
        stranger.close()


def test_wrong_password_and_unknown_address_look_alike(world: World, new_visitor: NewVisitor, someone: Person) -> None:
    messages = set()
    for email in (someone.email, "nobody@example.test", "no address"):
        visitor = new_visitor()
        answer = visitor.fill(visitor.get("/sign-in"), "/sign-in", email=email, password="wrong password, truly")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        messages.add(re.sub(r"value=\"[^\"]*\"|nonce=\"\w+\"", "", answer.text))
    assert len(messages) == 1
    assert "E-mail or password is incorrect." in messages.pop()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": ""},
    ],
)
def test_cross_site_forms_are_rejected(owner: Visitor, headers: dict[str, str]) -> None:
    csrf = owner.csrf()
    request = owner.http.build_request(
        "POST",
        "/sign-out",
        content=f"csrf={csrf}",
        headers={"Content-Type": "application/x-www-form-urlencoded", **{k: v for k, v in headers.items() if v}},
    )
    answer = owner.http.send(request)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert owner.get("/account/sessions").status_code == 200, "still signed in"


def test_a_form_without_its_token_is_refused(world: World, owner: Visitor, new_visitor: NewVisitor) -> None:
    other = new_visitor(world.person("ADMIN")).csrf()
    for token in ("", "0" * 64, other):
        assert owner.post("/sign-out", [("csrf", token)]).status_code == 403
    own_origin = {"Sec-Fetch-Site": "same-origin", "Origin": owner.url}
    assert owner.post("/sign-out", [("csrf", owner.csrf())], headers=own_origin).status_code == 303


def test_the_sign_in_form_belongs_to_the_browser_that_asked_for_it(
    world: World, new_visitor: NewVisitor, someone: Person
) -> None:
    victim, attacker = new_visitor(), new_visitor()
    fields = dict(attacker.fields(attacker.get("/sign-in"), "/sign-in"))
    person = someone
    fields |= {"email": person.email, "password": person.password}
    victim.get("/sign-in")
    assert victim.post("/sign-in", fields.items()).status_code == 403
    assert new_visitor().post("/sign-in", fields.items()).status_code == 303, "no cookie at all: to the form"


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/account/audit?action=client.created", "/account/audit?action=client.created"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/%0d%0aLocation:%20https://evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/account/../../evil", "/"),
        ("/ok?x=%0d%0aSet-Cookie:a=b", "/"),
    ],
)
def test_next_cannot_redirect_to_another_site(
    new_visitor: NewVisitor, someone: Person, wanted: str, lands: str
) -> None:
    answer = new_visitor().sign_in(someone, next=wanted)
    assert answer.status_code == 303
    assert answer.headers["location"] == lands


def test_no_page_can_be_cached_or_framed(owner: Visitor) -> None:
    nonces = set()
    for path in ("/account/api-access", "/account/members", "/products", "/nothing/here"):
        answer = owner.get(path)
        headers = answer.headers
        assert headers["cache-control"] == "no-store", path
        assert headers["content-type"] == "text/html; charset=utf-8", path
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"
        policy = headers["content-security-policy"]
        for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'",
                     "object-src 'none'"):  # fmt: skip
            assert part in policy, path
        assert "unsafe" not in policy
        nonce = re.search(r"script-src 'nonce-([0-9a-f]{32})'", policy)
        assert nonce is not None
        assert f'nonce="{nonce[1]}"' in answer.text
        nonces.add(nonce[1])
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|javascript:", answer.text), path
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", answer.text), path
    assert len(nonces) == 4


def test_static_files_are_immutable(owner: Visitor) -> None:
    for address in re.findall(r"/static/[\w.-]+", owner.get("/account/sessions").text):
        answer = owner.http.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].count("charset") <= 1
    assert owner.http.get("/static/none.css").status_code == 404


def test_sign_out_ends_the_session_for_good(world: World, owner: Visitor) -> None:
    cookie = _cookie(owner)
    answer = owner.post("/sign-out", [("csrf", owner.csrf())])
    assert answer.headers["location"] == "/sign-in?done=signed-out"
    assert answer.headers["clear-site-data"] == '"cache"'
    owner.http.cookies.set("linkxg", cookie)
    assert owner.get("/account/sessions").headers["location"] == "/sign-in?next=%2Faccount%2Fsessions"
    assert "/account/sessions" not in text_of(owner.get("/sign-in"))


def test_sessions_end_after_idle_and_absolute_timeouts(world: World, new_visitor: NewVisitor) -> None:
    visitor = new_visitor(world.person("ADMIN"))
    found = rows(
        world.server.database,
        "SELECT refresh_expires_at - created_at, expires_at - created_at FROM sessions "
        "WHERE kind = 'console' ORDER BY id DESC LIMIT 1",
    )
    assert found == [[str(30 * 60_000), str(12 * 3_600_000)]]
    assert visitor.get("/account/sessions").status_code == 200


def test_disabling_a_person_ends_their_console_session(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("ADMIN")
    visitor = new_visitor(person)
    changed = {"disabled": True}
    world.api.patch(f"/account/users/{person.user_id}", bearer=world.owner.access, json=changed).expect(200)
    assert visitor.get("/account/members").headers["location"].startswith("/sign-in")


def test_a_secret_is_shown_only_in_the_response_to_its_form(world: World, owner: Visitor) -> None:
    page = owner.get("/account/api-access/new")
    fields = [pair for pair in owner.fields(page, "/account/api-access/new") if pair[0] != "name"]
    fields += [("name", "Once"), ("scope", "products:read")]
    made = owner.post("/account/api-access/new", fields)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    secret = secret_in(made, world.vault)
    again = owner.post("/account/api-access/new", fields)
    assert secret_in(again, world.vault) == secret, "the same form sent twice makes one client"
    client_id = re.search(r"lxgcli_[0-9A-Za-z]{22}", made.text)
    assert client_id is not None
    for path in (f"/account/api-access/{client_id[0]}", "/account/api-access", "/account/audit"):
        assert secret not in owner.get(path).text
    for path in ("test", "env"):
        back = owner.get(f"/account/api-access/{client_id[0]}/{path}")
        assert back.status_code == 303
    env = owner.fill(made, f"/account/api-access/{client_id[0]}/env")
    assert f"LINKXG_CLIENT_SECRET={secret}" in env.text
    assert env.headers["content-disposition"] == 'attachment; filename="linkxg.env"'
    assert env.headers["content-type"] == "text/plain; charset=utf-8"
    trial = owner.fill(made, f"/account/api-access/{client_id[0]}/test")
    assert "It works." in text_of(trial)
    assert "900 seconds" in text_of(trial)


def test_a_sensitive_act_asks_for_the_password_after_ten_minutes(fresh_world: object) -> None:
    import sqlite3

    world: World = fresh_world("sqlite")  # type: ignore[operator]
    visitor = Visitor(world.server.url, world.vault)
    assert visitor.sign_in(world.account.owner).status_code == 303
    cookie = world.vault.remember("console cookie", _cookie(visitor))
    with sqlite3.connect(world.server.database.path, timeout=10) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE sessions SET authenticated_at = authenticated_at - 700000 WHERE kind = 'console'")
    page = visitor.get("/account/api-access/new")
    asked = visitor.fill(page, "/account/api-access/new", name="Late", scope=["products:read", "dpp:read"])
    assert "Confirm it is you — " in text_of(asked)
    wrong = visitor.fill(asked, confirm_password="not it, sorry")
    assert wrong.status_code == 403
    made = visitor.fill(wrong, confirm_password=world.account.owner.password)
    assert made.status_code == 200
    secret_in(made, world.vault)
    assert "products:read dpp:read" in made.text
    assert _cookie(visitor) != cookie, "a new cookie"
    world.vault.remember("console cookie", _cookie(visitor))
    visitor.http.cookies.clear()
    visitor.http.cookies.set("linkxg", cookie)
    assert visitor.get("/account/sessions").status_code == 303, "the old one is dead"
    visitor.close()


def test_hostile_names_are_escaped(world: World, new_visitor: NewVisitor) -> None:
    # An account of its own: its list has one page, whatever the other tests have made.
    person = world.server.bootstrap("Hostile Names Ltd", another=True).owner
    session, owner = sign_in(world.api, person), new_visitor(person)
    names = ("<script>alert(1)</script>", "{{7*7}}${7*7}", "\u202egnp.exe", "a" * 200, "\"onmouseover='x'")
    for name in names:
        make_client(world.api, session, "products:read", client_name=name)
    page = owner.get("/account/api-access")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "{{7*7}}" in page.text
    assert "49" not in re.sub(r"lxgcli_\w+|\"[^\"]*\"", "", text_of(page).split("Client")[-1]) or "{{7*7}}" in page.text
    assert '<bdi class="clip">\u202egnp.exe</bdi>' in page.text
    form = owner.get("/account/api-access/new")
    long = owner.fill(form, "/account/api-access/new", name="x" * 10_000, scope=["products:read"])
    assert long.status_code == 422
    assert "1 to 200 characters" in text_of(long)
