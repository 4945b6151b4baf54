"""A form that is sent to the identity provider with its person comes back with them. Security rules 101 and L11."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from console.browser import text_of
from harness.openid_provider import OpenIdProvider
from harness.rows import execute, rows
from harness.single_sign_on import REFRESH, SsoVisitor
from harness.world import World
from sso.conftest import NewBrowser
from sso.test_sign_in import email_of

NEW = "/account/api-access/new"
SECRET = re.compile(r'<code id="secret"[^>]*>(lxgsec_[0-9A-Za-z]+)</code>')


@pytest.fixture
def admin(sso_world: World, provider: OpenIdProvider, browser: SsoVisitor) -> SsoVisitor:
    """Somebody without a password, who signed in by the company eleven minutes ago."""
    email = email_of(provider)
    assert browser.sign_on(email).status_code == 303
    found = rows(sso_world.server.database, f"SELECT id FROM users WHERE email = '{email}'")
    path = f"/account/users/{found[0][0]}"
    sso_world.api.patch(path, bearer=sso_world.owner.access, json={"role": "ADMIN"}).expect(200)
    assert browser.sign_on(email).status_code == 303
    age(sso_world, email)
    return browser


def age(world: World, email: str) -> None:
    earlier = "authenticated_at = authenticated_at - 660000"
    mine = f"user_id IN (SELECT id FROM users WHERE email = '{email}')"
    execute(world.server.database, f"UPDATE sessions SET {earlier} WHERE {mine}")


def away(visitor: SsoVisitor, page: httpx.Response) -> str:
    """The address at the provider that the page leads to."""
    answer = visitor.fill(page, "/sign-in/sso")
    found = REFRESH.search(answer.text)
    assert found is not None, text_of(answer)
    return unescape(found[1])


def test_a_step_up_by_the_company_keeps_the_form(sso_world: World, admin: SsoVisitor) -> None:
    """It was lost: the person came back to an empty form."""
    asked = admin.fill(admin.get(NEW), NEW, name="Kept meanwhile", scope=["products:read"])
    assert "Confirm it is you — create the client" in text_of(asked)
    assert "<title>Confirm it is you — create the client" in asked.text
    there = away(admin, asked)
    assert "Kept" not in there, "no input is in an address"
    back = admin.at_provider(there)
    assert "Kept" not in back
    page = admin.come_back(back)
    assert page.status_code == 200
    assert "Your input has been kept, and nothing has been done with it yet." in text_of(page)
    made = "SELECT count(*) FROM oauth_clients WHERE name = 'Kept meanwhile'"
    assert rows(sso_world.server.database, made) == [["0"]], "a redirect of another site changes nothing"
    done = admin.fill(page, "/sign-in/continue")
    assert done.status_code == 200, text_of(done)
    found = SECRET.search(done.text)
    assert found is not None
    sso_world.vault.remember("client secret", found[1])
    assert admin.fill(page, "/sign-in/continue").status_code == 303, "once"
    assert rows(sso_world.server.database, made) == [["1"]]


def test_what_was_confirmed_is_not_asked_again(admin: SsoVisitor) -> None:
    asked = admin.post("/account/security", [("csrf", admin.csrf()), ("act", "app")])
    page = admin.come_back(admin.at_provider(away(admin, asked)))
    shown = admin.fill(page, "/sign-in/continue")
    key = re.search(r'id="totp-secret" class="secret">([A-Z2-7]+)<', shown.text)
    assert key is not None, text_of(shown)
    admin.vault.remember("secret of an authenticator app", key[1])


def test_no_secret_is_kept(sso_world: World, admin: SsoVisitor) -> None:
    code = [("csrf", admin.csrf()), ("act", "confirm"), ("code", "918273")]
    asked = admin.post("/account/security", code)
    assert "918273" not in asked.text
    away(admin, asked)
    kept = rows(sso_world.server.database, "SELECT carried FROM federated_sign_ins WHERE carried IS NOT NULL")
    assert kept
    assert not any("918273" in one[0] for one in kept)


def test_a_kept_form_is_of_its_person_alone(sso_world: World, admin: SsoVisitor, new_browser: NewBrowser) -> None:
    asked = admin.fill(admin.get(NEW), NEW, name="Not theirs", scope=["products:read"])
    carried = dict(admin.fields(asked, "/sign-in/sso"))["carried"]
    owner = new_browser()
    assert owner.sign_in(sso_world.account.owner).status_code == 303
    answer = owner.post("/sign-in/continue", [("csrf", owner.csrf()), ("next", "/"), ("carried", carried)])
    assert answer.headers["location"] == "/account/sessions?done=other-person"
    forged = carried[:-8] + "AAAAAAA="
    answer = owner.post("/sign-in/continue", [("csrf", owner.csrf()), ("next", "/"), ("carried", forged)])
    assert answer.status_code == 303
    assert not rows(sso_world.server.database, "SELECT id FROM oauth_clients WHERE name = 'Not theirs'")


def test_only_the_newest_forms_of_a_person_are_kept(
    sso_world: World, provider: OpenIdProvider, admin: SsoVisitor
) -> None:
    asked = admin.fill(admin.get(NEW), NEW, name="Many", scope=["products:read"])
    for _ in range(6):
        away(admin, asked)
    kept = "SELECT count(*) FROM federated_sign_ins WHERE carried IS NOT NULL AND carried_by"
    person = f"(SELECT id FROM users WHERE email = '{email_of(provider)}')"
    assert rows(sso_world.server.database, f"{kept} = {person}") == [["3"]]


def test_a_refused_sign_in_keeps_the_form_for_the_next_attempt(
    provider: OpenIdProvider, admin: SsoVisitor, sso_world: World
) -> None:
    asked = admin.fill(admin.get(NEW), NEW, name="Second attempt", scope=["products:read"])
    there = away(admin, asked)
    provider.answer_query = lambda query: {"error": "server_error", "state": query["state"], "iss": query["iss"]}
    refused = admin.come_back(admin.at_provider(there))
    assert refused.status_code == 403
    person = provider.person
    provider.reset()
    provider.person = person
    answer = admin.fill(refused, "/sign-in/sso", email=person.email)
    found = REFRESH.search(answer.text)
    assert found is not None
    page = admin.come_back(admin.at_provider(unescape(found[1])))
    assert "Your input has been kept" in text_of(page)


def test_sign_in_by_the_company_keeps_a_form_whose_session_has_ended(
    sso_world: World, provider: OpenIdProvider, admin: SsoVisitor
) -> None:
    """The link from the sign-in page lost it."""
    form, email = admin.get("/account/profile"), email_of(provider)
    person = f"user_id IN (SELECT id FROM users WHERE email = '{email}')"
    execute(sso_world.server.database, f"UPDATE sessions SET refresh_expires_at = 1 WHERE {person}")
    asked = admin.fill(form, "/account/profile", name="Typed for long")
    assert "Sign in, and your input is saved." in text_of(asked)
    by_company = admin.post("/sign-in/sso", admin.fields(asked, "/sign-in"))
    answer = admin.fill(by_company, "/sign-in/sso", email=email)
    found = REFRESH.search(answer.text)
    assert found is not None, text_of(answer)
    page = admin.come_back(admin.at_provider(unescape(found[1])))
    saved = admin.fill(page, "/sign-in/continue")
    assert saved.status_code == 303, text_of(saved)
    stored = f"SELECT name FROM users WHERE email = '{email}'"
    assert rows(sso_world.server.database, stored) == [["Typed for long"]]


@pytest.mark.parametrize("first", [True, False])
def test_the_first_sign_in_leads_to_the_welcome_page(
    provider: OpenIdProvider, browser: SsoVisitor, first: bool
) -> None:
    email = email_of(provider)
    answer = browser.sign_on(email)
    if not first:
        answer = browser.sign_on(email)
    assert answer.headers["location"] == ("/account/welcome" if first else "/")
    welcome = text_of(browser.get("/account/welcome"))
    assert "You are a Member of" in welcome
    assert "New product" in welcome
