"""What a provider says proves no more than this provider can know. Security rules 204 and 205."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.dns_server import DnsServer
from harness.openid_provider import OpenIdProvider, SignedInPerson
from harness.single_sign_on import (
    REFRESH,
    SsoVisitor,
    address_of,
    connect,
    connection,
    trusting,
    verify_domain,
)
from harness.tls import ADDRESS, self_signed
from harness.world import World, build_world
from sso.conftest import DOMAIN

TENANT = "7d0b6a2c-5a4f-4a5e-9a62-1f0d6ec4f1aa"
ENTRA, GOOGLE = "login.microsoftonline.com", "accounts.google.com"
ORGANISATION = "organisation.test"
SignOn = Callable[[OpenIdProvider, SignedInPerson], httpx.Response]


def email_of(provider: OpenIdProvider) -> str:
    assert provider.person.email is not None
    return provider.person.email


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpenIdProvider, OpenIdProvider, Path]]:
    """(Entra ID, Google, their certificate)"""
    directory = tmp_path_factory.mktemp("known-providers")
    certificate, key = self_signed(directory, [ENTRA, GOOGLE])
    entra = OpenIdProvider(certificate, key, host=ENTRA, path=f"/{TENANT}/v2.0").start()
    google = OpenIdProvider(certificate, key, host=GOOGLE).start()
    yield entra, google, certificate
    entra.stop()
    google.stop()


@pytest.fixture(scope="module")
def known_world(new_server: ServerFactory, known: tuple[OpenIdProvider, OpenIdProvider, Path]) -> Iterator[World]:
    """A server to which the hosts of Entra ID and Google are on loopback."""
    names = DnsServer().start()
    for host in (ENTRA, GOOGLE):
        names.set(host, "A", [ADDRESS])
    built = build_world(new_server("sqlite", **trusting(known[2]), LINKXG_DNS_SERVER=names.address))
    verify_domain(built.server, built.account.account_id, ORGANISATION)
    yield from checked_for_leaks(built)
    names.stop()


@pytest.fixture
def sign_on(known_world: World, known: tuple[OpenIdProvider, OpenIdProvider, Path]) -> Iterator[SignOn]:
    made: list[SsoVisitor] = []

    def by(provider: OpenIdProvider, person: SignedInPerson) -> httpx.Response:
        connect(known_world, provider).expect(200)
        provider.person = person
        made.append(SsoVisitor(known_world.server.url, known_world.vault, known[2]))
        host = urlsplit(provider.issuer).hostname or ""
        url = made[-1].begin(address_of(ORGANISATION)).replace(f"//{host}:", f"//{ADDRESS}:")
        return made[-1].come_back(made[-1].at_provider(url))

    yield by
    for visitor in made:
        visitor.close()


def test_rule_204_an_old_session_at_the_provider_is_no_recent_authentication(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    """An ID token without `auth_time` says only when it was issued."""
    provider.change_claims = lambda claims: {name: value for name, value in claims.items() if name != "auth_time"}
    provider.person.claims["groups"] = "admins"
    connect(sso_world, provider, roleClaim="groups", roleMapping={"admins": "ADMIN"}).expect(200)
    email = email_of(provider)
    assert browser.sign_on(email).status_code == 303
    assert browser.is_signed_in()
    page = browser.get("/account/members")
    invited = browser.fill(page, "/account/members", email=address_of(DOMAIN), role="MEMBER")
    assert "Confirm it is you" in invited.text
    assert browser.fill(browser.get("/account/security"), "/account/security", act="app").text.count(
        "Confirm it is you"
    )
    # Nor does signing in again there help, until the provider says when that was.
    answer = browser.come_back(browser.at_provider(_again(browser)))
    assert answer.status_code == 403
    assert "did not work as expected" in answer.text or "auth_time" in answer.text
    provider.change_claims = lambda claims: claims | {"auth_time": int(time.time())}
    assert browser.come_back(browser.at_provider(_again(browser))).status_code == 303
    page = browser.get("/account/members")
    invited = browser.fill(page, "/account/members", email=address_of(DOMAIN), role="MEMBER")
    assert "is invited" in invited.text
    link = re.search(r'https?://[^"<\s]+/invitations/[^"<\s]+', invited.text)
    assert link is not None
    sso_world.vault.remember("invitation", link[0].rpartition("/")[2])


def _again(browser: SsoVisitor) -> str:
    fields = [("csrf", browser.csrf()), ("again", "yes"), ("next", "/account/members")]
    found = REFRESH.search(browser.post("/sign-in/sso", fields).text)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize("value", [True, 1, "1", "true"])
def test_entra_says_by_a_claim_of_its_own_that_an_address_is_verified(
    known: tuple[OpenIdProvider, OpenIdProvider, Path], sign_on: SignOn, value: object
) -> None:
    """Its ID tokens have no `email_verified`; `xms_edov` is documented as a boolean, and was seen as a string."""
    email = address_of(ORGANISATION)
    assert sign_on(known[0], SignedInPerson(email, email, None, {"xms_edov": value})).status_code == 303


def test_rule_205_the_claim_of_entra_has_few_forms(
    known: tuple[OpenIdProvider, OpenIdProvider, Path], sign_on: SignOn
) -> None:
    for value in (1.0, 2, "True", "yes", [True], {"a": 1}, False, 0, "0", None):
        email = address_of(ORGANISATION)
        answer = sign_on(known[0], SignedInPerson(email, email, None, {"xms_edov": value}))
        assert answer.status_code == 403, value
        assert "has not confirmed your e-mail address" in answer.text


@pytest.mark.parametrize("value", [True, 1, "1", "true"])
def test_rule_205_no_other_provider_is_believed_the_claim_of_entra(
    provider: OpenIdProvider, browser: SsoVisitor, value: object
) -> None:
    provider.person = SignedInPerson(provider.person.sub, email_of(provider), None, {"xms_edov": value})
    answer = browser.sign_on(email_of(provider))
    assert answer.status_code == 403
    assert "has not confirmed your e-mail address" in answer.text


def test_rule_205_google_vouches_for_the_people_of_the_domain_only(
    known: tuple[OpenIdProvider, OpenIdProvider, Path], sign_on: SignOn
) -> None:
    """Anybody can have a Google account with any address that they could once read."""
    for organisation in (None, "", "other.test", f"sub.{ORGANISATION}", [ORGANISATION]):
        email = address_of(ORGANISATION)
        claims = {} if organisation is None else {"hd": organisation}
        answer = sign_on(known[1], SignedInPerson(email, email, True, claims))
        assert answer.status_code == 403, organisation
        assert "has not confirmed your e-mail address" in answer.text
    email = address_of(ORGANISATION)
    assert sign_on(known[1], SignedInPerson(email, email, True, {"hd": ORGANISATION})).status_code == 303


def test_rule_205_the_tenant_of_personal_microsoft_accounts_is_refused(
    sso_world: World, provider: OpenIdProvider
) -> None:
    for host in (ENTRA, "login.microsoftonline.us", "login.partner.microsoftonline.cn"):
        for tenant in ("9188040d-6c67-4c5b-b112-36a304b66dad", "9188040D-6C67-4C5B-B112-36A304B66DAD"):
            body = connection(provider, issuer=f"https://{host}/{tenant}/v2.0")
            answer = sso_world.api.request(
                "PUT", "/account/identity-provider", bearer=sso_world.owner.access, json=body
            ).expect(422, "validation_failed")
            assert "personal Microsoft accounts" in answer.object()["details"][0]["message"]
