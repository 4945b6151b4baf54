"""Sign-in by the account's provider, from the sign-in page to the session."""

from __future__ import annotations

from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from console.browser import text_of
from harness.openid_provider import OpenIdProvider, SignedInPerson
from harness.people import invite, login
from harness.single_sign_on import REFRESH, SsoVisitor, address_of, connect
from harness.world import World
from sso.conftest import DOMAIN, NewBrowser


def user_of(world: World, email: str | None) -> dict[str, Any] | None:
    people = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    return next((one for one in people if one["email"] == email), None)


def email_of(provider: OpenIdProvider) -> str:
    assert provider.person.email is not None
    return provider.person.email


def test_a_person_of_the_domain_joins_with_the_default_role_and_is_signed_in(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = email_of(provider)
    answer = browser.sign_on(email, "/account/sessions")
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/account/sessions"), answer.text
    assert browser.is_signed_in()
    joined = user_of(sso_world, email)
    assert joined is not None
    assert (joined["role"], joined["disabled"]) == ("MEMBER", False)
    # They have no password.
    login(sso_world.api, email, sso_world.vault.invent("guessed password", length=24)).expect(
        401, "invalid_credentials"
    )


def test_a_person_with_a_password_is_linked_and_keeps_both(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = address_of(DOMAIN)
    _, token = invite(sso_world.api, sso_world.owner, "ADMIN", email)
    password = sso_world.vault.password()
    accepted = sso_world.api.post(f"/invitations/{token}/accept", json={"password": password}).expect(201).data()
    provider.person = SignedInPerson("linked subject", email.upper())
    assert browser.sign_on(email).status_code == 303
    linked = user_of(sso_world, email)
    assert linked is not None
    assert (linked["id"], linked["role"]) == (accepted["id"], "ADMIN")
    login(sso_world.api, email, password).expect(200)


def test_a_person_is_the_same_after_their_address_has_changed_at_the_provider(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = email_of(provider)
    assert browser.sign_on(email).status_code == 303
    provider.person = SignedInPerson(provider.person.sub, "another@elsewhere.test", False)
    assert browser.sign_on(address_of(DOMAIN)).status_code == 303
    assert email in text_of(browser.get("/account/sessions"))


def test_a_disabled_person_stays_out(sso_world: World, provider: OpenIdProvider, browser: SsoVisitor) -> None:
    email = email_of(provider)
    assert browser.sign_on(email).status_code == 303
    joined = user_of(sso_world, email)
    assert joined is not None
    at = f"/account/users/{joined['id']}"
    sso_world.api.patch(at, bearer=sso_world.owner.access, json={"disabled": True}).expect(200)
    assert not browser.is_signed_in()
    answer = browser.sign_on(email)
    assert answer.status_code == 403
    assert "access to this account has been disabled" in answer.text


def test_claims_may_come_from_userinfo(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    provider.in_userinfo = True
    assert browser.sign_on(email_of(provider)).status_code == 303
    assert provider.count("/userinfo") == 1


def test_userinfo_of_another_person_is_refused(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    provider.in_userinfo = True
    provider.person = SignedInPerson("me", address_of(DOMAIN), True, {})
    provider.change_claims = lambda claims: claims | {"sub": "somebody else"}
    answer = browser.sign_on(email_of(provider))
    assert answer.status_code == 403
    assert "another person" in answer.text


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_both_ways_of_client_authentication_work(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, method: str
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": [method]}
    connect(sso_world, provider).expect(200)
    assert browser.sign_on(email_of(provider)).status_code == 303


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("access_denied", "did not allow the sign-in"),
        ("temporarily_unavailable", "is not available now"),
        ("something_else", "refused the sign-in"),
    ],
)
def test_an_error_of_the_provider_is_told_in_words(
    provider: OpenIdProvider, browser: SsoVisitor, error: str, says: str
) -> None:
    def answer(query: dict[str, str]) -> dict[str, str]:
        return {"error": error, "error_description": "<b>text of the provider</b>", "state": query["state"],
                "iss": query["iss"]}  # fmt: skip

    provider.answer_query = answer
    page = browser.sign_on(email_of(provider))
    assert page.status_code == 403
    assert says in page.text
    assert "text of the provider" not in page.text


def test_a_provider_that_is_down_is_told_of(sso_world: World, provider: OpenIdProvider, browser: SsoVisitor) -> None:
    url = browser.begin(email_of(provider))
    provider.instead["/token"] = lambda handler: handler.connection.close()
    answer = browser.come_back(browser.at_provider(url))
    assert answer.status_code == 403
    assert "did not work as expected" in answer.text


def test_signing_in_again_asks_the_provider_to_ask_the_person(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    email = email_of(provider)
    assert browser.sign_on(email).status_code == 303
    fields = [("csrf", browser.csrf()), ("again", "yes"), ("next", "/account/sessions")]
    page = browser.post("/sign-in/sso", fields)
    url = _refresh(page.text)
    asked = dict(parse_qsl(urlsplit(url).query))
    assert (asked["prompt"], asked["max_age"], asked["login_hint"]) == ("login", "0", email)
    # A provider that does not ask again is not believed.
    provider.change_claims = lambda claims: claims | {"auth_time": claims["iat"] - 900}
    answer = browser.come_back(browser.at_provider(url))
    assert answer.status_code == 403
    assert "did not ask you to sign in again" in answer.text
    provider.reset()
    answer = browser.come_back(browser.at_provider(_refresh(browser.post("/sign-in/sso", fields).text)))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sessions")


def test_the_session_names_how_the_person_was_authenticated(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    provider.person.claims["amr"] = ["pwd", "otp", "invented", "mfa"]
    assert browser.sign_on(email_of(provider)).status_code == 303
    events = sso_world.api.get("/account/audit-events?action=session.started&limit=1",
                               bearer=sso_world.owner.access).expect(200).data()  # fmt: skip
    assert events[0]["details"]["amr"] == "mfa otp pwd fed"


def test_disconnecting_ends_the_sessions_of_the_provider(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    assert browser.sign_on(email_of(provider)).status_code == 303
    sso_world.api.delete("/account/identity-provider", bearer=sso_world.owner.access).expect(204)
    assert not browser.is_signed_in()
    stranger = new_browser()
    answer = stranger.fill(stranger.get("/sign-in/sso"), "/sign-in/sso", email=email_of(provider))
    assert "Sign in with your password" in answer.text
    sso_world.api.get("/account/identity-provider", bearer=sso_world.owner.access).expect(404, "not_found")
    sso_world.api.delete("/account/identity-provider", bearer=sso_world.owner.access).expect(404, "not_found")


def _refresh(page: str) -> str:
    found = REFRESH.search(page)
    assert found is not None, page
    return unescape(found[1])
