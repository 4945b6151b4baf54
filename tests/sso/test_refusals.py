"""Whoever is refused by single sign-on reads what happened, who can mend it, and how to go on."""

from __future__ import annotations

import pytest

from console.browser import text_of
from harness.openid_provider import OpenIdProvider
from harness.single_sign_on import SsoVisitor
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.single_sign_on import refusals
from linkxg.identity.single_sign_on.refusals import Refusal, provider_failed
from sso.test_sign_in import email_of

NAMED = {name: one for name, one in vars(refusals).items() if isinstance(one, Refusal)}
ALL = NAMED | refusals.BY_ERROR | {"a fault": provider_failed(ProviderFault("Its token has no valid sub."))}


@pytest.mark.parametrize("name", ALL)
def test_every_refusal_says_what_happened_and_leads_back_to_sign_in(name: str) -> None:
    refusal = ALL[name]
    assert refusal.happened.endswith("."), "a sentence of its own"
    assert "sign in" in refusal.next_step.lower(), "no dead end"
    assert refusal.next_step.endswith(".")


@pytest.mark.parametrize(
    "name",
    ["NO_ROLE", "FOREIGN_DOMAIN", "FULL", "DISABLED", "SECRET_LOST", "ANOTHER_SUBJECT", "server_error", "a fault"],
)
def test_what_only_an_owner_can_mend_names_the_page(name: str) -> None:
    assert "Owner" in ALL[name].message
    assert "under Account, " in ALL[name].next_step or "(Account, " in ALL[name].next_step


def test_the_page_of_a_refusal_leads_back_to_sign_in(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    provider.answer_query = lambda query: {"error": "access_denied", "state": query["state"], "iss": query["iss"]}
    page = browser.sign_on(email_of(provider))
    assert page.status_code == 403
    assert refusals.BY_ERROR["access_denied"].message in text_of(page)
    assert 'href="/sign-in"' in page.text
    assert dict(browser.fields(page, "/sign-in/sso")), "or tries again from there"
