"""Session timeouts, sign-out, safe GETs and re-authentication of every route. Security rules 97 and 100 to 103."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from console.test_permissions import GUARDED, address
from harness.client_certificates import ClientCertificate
from harness.clients import make_client, request_token
from harness.people import invite
from harness.rows import rows
from harness.world import World
from passports.reading import issued
from races.things import epcis_subscription, insert_access_request
from traceability.chain import seen
from traceability.test_routes import capture, new_lots

TABLES = ("oauth_clients", "client_secrets", "users", "invitations", "products", "audit_events", "sessions")
MINUTE = 60_000
ASKED = "Confirm it is you — "


@pytest.fixture
def aged(fresh_world: Callable[..., World], request: pytest.FixtureRequest) -> Iterator[tuple[World, Visitor]]:
    """A world of its own, whose clock a test can turn back, and its Owner just signed in."""
    world = fresh_world("sqlite", **getattr(request, "param", {}))
    visitor = Visitor(world.server.url, world.vault)
    assert visitor.sign_in(world.account.owner).status_code == 303
    world.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))
    yield world, visitor
    visitor.close()


def age_session(world: World, column: str, ms: int) -> None:
    """Let that much time have passed for the console's sessions."""
    with sqlite3.connect(world.server.database.path, timeout=10) as connection:  # type: ignore[attr-defined]
        connection.execute(f"UPDATE sessions SET {column} = {column} - {ms} WHERE kind = 'console'")


@pytest.mark.parametrize(("column", "limit"), [("refresh_expires_at", 30), ("expires_at", 12 * 60)])
def test_rule_100_a_session_ends(aged: tuple[World, Visitor], column: str, limit: int) -> None:
    world, visitor = aged
    age_session(world, column, (limit - 1) * MINUTE)
    assert visitor.get("/account/sessions").status_code == 200
    age_session(world, column, (limit + 1) * MINUTE)
    answer = visitor.get("/account/sessions")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Faccount%2Fsessions"
    csrf = visitor.get("/sign-in")
    assert 'name="password"' in csrf.text


@pytest.mark.any_engine
def test_rule_100_get_changes_nothing_and_every_page_offers_sign_out(world: World, owner: Visitor) -> None:
    paths = [address(template, world) for method, template, _ in GUARDED if method == "GET"]

    def stock() -> dict[str, list[list[str]]]:
        """What the tables hold, but for when a session or a client was last used."""
        found = {table: rows(world.server.database, f"SELECT count(*) FROM {table}") for table in TABLES}
        found["state"] = rows(world.server.database, "SELECT id, name, scope, disabled FROM oauth_clients ORDER BY id")
        return found

    before = stock()
    for path in paths:
        answer = owner.get(path)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            assert 'action="/sign-out"' in answer.text, path
    assert stock() == before


def _sensitive(world: World) -> list[tuple[str, list[tuple[str, str]]]]:
    oauth = make_client(world.api, world.owner, "products:read dpp:read")
    pem = {"certificate": ClientCertificate().pem}
    certificate = world.api.post(f"/oauth/clients/{oauth.client_id}/certificates", bearer=world.owner.access, json=pem)
    certificate_id = certificate.expect(201).object()["id"]
    person = world.person("MEMBER")
    client, member = f"/account/api-access/{oauth.client_id}", f"/account/members/{person.user_id}"
    rotated = make_client(world.api, world.owner, "products:read")
    path = f"/oauth/clients/{rotated.client_id}/rotate"
    body = {"grace_period_seconds": 3_600}
    world.api.post(path, bearer=world.owner.access, json=body, reveals=True).expect(200)
    query, subscription = epcis_subscription(world)
    secret = f"/account/api-access/{rotated.client_id}/secrets/{rotated.secret_id}"
    made, passport = issued(world)
    insert_access_request(world, passport)
    asked = world.api.get("/dpp/access-requests", bearer=world.owner.access).expect(200).object()["data"][0]["id"]
    product = f"/products/{made['id']}"
    (item,) = new_lots(1)
    capture(world, world.account.account_id, seen([item]))
    recall = {"items": [item.uri], "reason": "The dye exceeds its limit."}
    recalled = world.api.post("/traceability/recalls", bearer=world.owner.access, json=recall).expect(201).data()["id"]
    return [
        ("/account/api-access/new", [("name", "X"), ("scope", "products:read"), ("key", "0123456789abcdef")]),
        (client, [("name", "X"), ("scope", "products:read"), ("sure", "yes")]),
        (f"{client}/authentication", [("method", "client_secret_post")]),
        (f"{client}/binding", [("dpop", "yes")]),
        (f"{client}/certificates", [("certificate", ClientCertificate().pem)]),
        (f"{client}/certificates/{certificate_id}/remove", [("sure", "yes")]),
        (f"{client}/rotate", [("mode", "planned"), ("overlap", "3600")]),
        (f"{client}/rotate", [("mode", "compromised")]),
        (f"{client}/least-scope", [("remove", "dpp:read")]),
        (f"{client}/delete", []),
        (f"{client}/enable", []),
        (f"{client}/disable", [("sure", "yes")]),
        (f"{secret}/finish", [("sure", "yes")]),
        (f"{secret}/extend", [("overlap", "3600")]),
        ("/account/members", [("email", "new@example.test"), ("role", "VIEWER")]),
        (f"{member}/password-link", [("key", "0123456789abcdef")]),
        *(
            (member, [("act", act), ("role", "ADMIN"), ("sure", "yes")])
            for act in ("role", "disable", "remove", "end", "reset")
        ),
        ("/account/members/invitations/01a20900-46b1-7977-8501-b67e3b66cab2/withdraw", []),
        ("/account/company", [("name", "Renamed"), ("slug", "renamed-gmbh"), ("gln", "")]),
        ("/account/security", [("act", "app")]),
        ("/events/subscriptions/new", [("query", query), ("dest", "https://a.example.test/"), ("when", "stream")]),
        (f"/events/subscriptions/{subscription}", [("act", "resume")]),
        (f"/events/subscriptions/{subscription}", [("act", "test")]),
        ("/traceability/recalls/new", [("item", item.uri), ("reason", "The dye exceeds its limit."), ("sure", "yes")]),
        (f"/traceability/recalls/{recalled}", [("act", "withdraw"), ("sure", "yes")]),
        (f"/requests/passports/{asked}", [("then", "approve"), ("roles", "authority"), ("expires", "2099-01-01")]),
        (f"{product}/passport/link", [("recipient", "R"), ("purpose", "P"), ("roles", "authority")]),
        ("/account/sign-in-rules", [("requirement", "NONE"), ("since", ""), ("minutes", "60")]),
    ]


def test_rule_101_sensitive_actions_ask_for_the_password(aged: tuple[World, Visitor]) -> None:
    world, visitor = aged
    acts = _sensitive(world)
    csrf = visitor.csrf()
    age_session(world, "authenticated_at", 11 * MINUTE)
    before = rows(world.server.database, "SELECT count(*) FROM audit_events")
    for path, fields in acts:
        asked = visitor.post(path, [("csrf", csrf), *fields])
        assert asked.status_code == 200, path
        assert ASKED in text_of(asked), path
        assert "lxgsec_" not in asked.text
    assert rows(world.server.database, "SELECT count(*) FROM audit_events") == before, "nothing happened"
    again = visitor.fill(asked, confirm_password=world.account.owner.password)
    assert again.status_code == 303, "the act goes on from there"


@pytest.mark.parametrize("aged", [{"LINKXG_LIMIT_SCALE": "1"}], indirect=True)
def test_rule_101_password_guesses_with_a_stolen_cookie_are_limited(aged: tuple[World, Visitor]) -> None:
    world, visitor = aged
    oauth = make_client(world.api, world.owner, "products:read")
    page = visitor.get(f"/account/api-access/{oauth.client_id}/delete")
    age_session(world, "authenticated_at", 11 * MINUTE)
    path = f"/account/api-access/{oauth.client_id}/delete"
    text = ""
    for _ in range(30):
        answer = visitor.fill(page, path, confirm_password="a wrong guess, again")
        assert answer.status_code in (403, 429), answer.text
        text = text_of(answer)
        if "Too many attempts" in text:
            break
    assert "Too many attempts" in text
    request_token(world.api, oauth).expect(200)


def test_rule_103_password_fields_allow_password_managers_and_paste(
    world: World, new_visitor: NewVisitor, owner: Visitor
) -> None:
    sign_in = new_visitor().get("/sign-in").text
    assert re.search(r'<input id="email"[^>]*autocomplete="username"', sign_in)
    assert re.search(r'<input id="password"[^>]*autocomplete="current-password"', sign_in)
    change = owner.get("/account/password").text
    assert re.search(r'<input id="current_password"[^>]*autocomplete="current-password"', change)
    assert re.search(r'<input id="new_password"[^>]*autocomplete="new-password"', change)
    _, token = invite(world.api, world.owner, "VIEWER")
    joining = new_visitor().get(f"/invitations/{token}").text
    assert re.search(r'<input id="password"[^>]*autocomplete="new-password"', joining)
    for page in (sign_in, change, joining):
        assert "onpaste" not in page
        for field in re.findall(r'<input id="(\w+)"', page):
            assert f'<label for="{field}"' in page


def test_rule_97_the_api_takes_no_cookie_and_no_form(owner: Visitor) -> None:
    cookie = {"Cookie": f"linkxg={owner.http.cookies['linkxg']}", "Content-Type": "text/plain"}
    for path in ("/api/v1/oauth/clients", "/api/v1/products", "/api/v1/account/users"):
        answer = owner.http.post(path, content=b"{}", headers=cookie)
        assert answer.status_code == 401, path
        assert answer.json()["error"] == "invalid_token"
