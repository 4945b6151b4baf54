"""The question before the last second factor is removed names the way in that is left, which need not be a password."""

from __future__ import annotations

from console.browser import text_of
from console.test_second_factor import PAGE, set_up
from harness.openid_provider import OpenIdProvider
from harness.rows import execute
from harness.single_sign_on import SsoVisitor
from harness.world import World


def test_whoever_has_no_password_is_not_told_that_it_signs_them_in(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = str(provider.person.email)
    browser.sign_on(email)
    assert browser.is_signed_in()
    set_up(sso_world, browser)
    shown = browser.get(PAGE)
    fields = [pair for pair in browser.fields(shown, PAGE) if pair[0] in ("csrf", "act", "factor")]
    asked = text_of(browser.post(PAGE, fields))
    assert "password" not in asked
    assert "You sign in with your company only from now on. Your recovery codes stop working." in asked
    # As after the provider was disconnected from the account, in a session that goes on.
    database = sso_world.server.database
    execute(
        database, f"DELETE FROM federated_identities WHERE user_id IN (SELECT id FROM users WHERE email = '{email}')"
    )
    asked = text_of(browser.post(PAGE, fields))
    assert "You have no password: to sign in again you need a link by which you choose one." in asked


def test_the_page_of_factors_speaks_of_no_password_that_there_is_not(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = str(provider.person.email)
    browser.sign_on(email)
    # As of somebody who came by a passkey.
    who = f"user_id IN (SELECT id FROM users WHERE email = '{email}')"
    execute(sso_world.server.database, f"UPDATE sessions SET amr = 'hwk user mfa' WHERE {who}")
    page = text_of(browser.get(PAGE))
    assert "Your password alone signs you in." not in page
    assert "You have no password." in page
