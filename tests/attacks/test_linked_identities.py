"""An e-mail address at the provider takes over nobody who has more to prove. Security rule 185."""

from __future__ import annotations

from html import unescape

import pytest

from console.browser import text_of
from harness.factors import add_totp
from harness.openid_provider import OpenIdProvider, SignedInPerson
from harness.passkeys import passkey_of
from harness.people import Person, Session, invite, sign_in
from harness.rows import count, execute, rows
from harness.single_sign_on import REFRESH, SsoVisitor, address_of, connect
from harness.world import World
from sso.conftest import DOMAIN, NewBrowser

SECURITY = "/account/security"
KINDS = ["OWNER", "app", "passkey"]


def of_domain(world: World, role: str) -> Session:
    """A person of the provider's domain who signs in on their own."""
    email = address_of(DOMAIN)
    _, token = invite(world.api, world.owner, role, email)
    password = world.vault.password()
    accepted = world.api.post(f"/invitations/{token}/accept", json={"password": password}).expect(201).data()
    return sign_in(world.api, Person(accepted["id"], email, password, role))


def protected(world: World, kind: str) -> Session:
    session = of_domain(world, "OWNER" if kind == "OWNER" else "MEMBER")
    if kind == "app":
        add_totp(world.api, session)
    if kind == "passkey":
        passkey_of(world, session)
    return session


def links(world: World, person: Person) -> int:
    return count(world.server.database, f"SELECT count(*) FROM federated_identities WHERE user_id = '{person.user_id}'")


def begin_link(browser: SsoVisitor) -> str:
    """The address at the provider that a signed-in person is sent to."""
    answer = browser.post(SECURITY, [("csrf", browser.csrf()), ("act", "company")])
    found = REFRESH.search(answer.text)
    assert found is not None, text_of(answer)
    return unescape(found[1])


@pytest.mark.parametrize("kind", KINDS)
def test_rule_185_an_address_links_neither_owners_nor_people_with_a_factor(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, kind: str
) -> None:
    person = protected(sso_world, kind).person
    provider.person = SignedInPerson(f"attacker as {person.email}", person.email)
    answer = browser.sign_on(person.email)
    assert answer.status_code == 403
    assert "Connect your company sign-in" in text_of(answer)
    assert not browser.is_signed_in()
    assert links(sso_world, person) == 0


def test_rule_185_an_owner_links_it_in_their_own_session(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    person = protected(sso_world, "OWNER").person
    assert browser.sign_in(person).status_code == 303
    assert "Company sign-in not connected" in text_of(browser.get(SECURITY))
    # The address at the provider may be another one.
    provider.person = SignedInPerson(f"theirs {person.email}", "another@elsewhere.test", False)
    back = browser.at_provider(begin_link(browser))
    # In another browser, and in another session, it is nobody's.
    stranger = new_browser()
    assert stranger.come_back(back).status_code == 403
    assert links(sso_world, person) == 0
    answer = browser.come_back(back)
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, SECURITY), text_of(answer)
    assert "is connected" in text_of(browser.get(answer.headers["Location"]))
    page = text_of(browser.get(SECURITY))
    assert "Company sign-in connected since" in page
    assert "Connect your company sign-in" not in page
    sql = f"SELECT actor_id, details FROM audit_events WHERE target = '{person.user_id}' AND action = 'user.linked'"
    ((actor, details),) = rows(sso_world.server.database, sql)
    assert (actor, "in session" in details) == (person.user_id, True)
    assert browser.come_back(back).status_code == 403
    later = new_browser()
    assert later.sign_on(person.email).status_code == 303
    assert person.email in text_of(later.get("/account/sessions"))


def test_rule_185_a_link_is_of_the_session_that_began_it(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    """Otherwise a person could be made to connect the identity of somebody else."""
    attacker, victim = of_domain(sso_world, "MEMBER").person, protected(sso_world, "OWNER").person
    assert browser.sign_in(attacker).status_code == 303
    back = browser.at_provider(begin_link(browser))
    browser.post("/sign-out", [("csrf", browser.csrf())])
    assert browser.sign_in(victim).status_code == 303
    assert browser.come_back(back).status_code == 403
    assert (links(sso_world, attacker), links(sso_world, victim)) == (0, 0)


def test_rule_185_an_identity_of_another_person_is_not_linked(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    assert provider.person.email is not None
    assert new_browser().sign_on(provider.person.email).status_code == 303
    person = protected(sso_world, "OWNER").person
    assert browser.sign_in(person).status_code == 303
    answer = browser.come_back(browser.at_provider(begin_link(browser)))
    assert answer.status_code == 403
    assert "already signs in another person" in text_of(answer)
    assert links(sso_world, person) == 0


def test_rule_185_to_link_it_needs_a_recent_authentication(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    person = protected(sso_world, "OWNER").person
    assert browser.sign_in(person).status_code == 303
    aged = "UPDATE sessions SET authenticated_at = authenticated_at - 660000"
    execute(sso_world.server.database, f"{aged} WHERE user_id = '{person.user_id}'")
    asked = browser.post(SECURITY, [("csrf", browser.csrf()), ("act", "company")])
    assert "Confirm it is you — " in text_of(asked)
    assert REFRESH.search(asked.text) is None
    assert REFRESH.search(browser.fill(asked, confirm_password=person.password).text) is not None


@pytest.mark.parametrize("kind", ["OWNER", "app"])
def test_rule_185_with_single_sign_on_only_the_page_says_who_helps(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, kind: str
) -> None:
    person = protected(sso_world, kind).person
    provider.person = SignedInPerson(f"sub of {person.email}", person.email)
    keeper = sso_world.account.owner.user_id
    connect(sso_world, provider, ssoOnly=True, breakGlassOwnerIds=[keeper]).expect(200)
    try:
        answer = browser.sign_on(person.email)
        assert answer.status_code == 403
        assert "Ask an Owner who keeps a password to" in text_of(answer)
    finally:
        connect(sso_world, provider).expect(200)
