"""A provider, a browser or a network that attacks single sign-on gets nobody in. Security rules 161 to 164 and 167."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from harness.openid_provider import OpenIdProvider, SignedInPerson
from harness.people import login
from harness.single_sign_on import SsoVisitor, address_of, connect, verify_domain
from harness.world import World
from sso.conftest import DOMAIN, NewBrowser

Claims = dict[str, Any]


def refused(answer: httpx.Response, browser: SsoVisitor, says: str = "") -> None:
    assert answer.status_code == 403, (answer.status_code, answer.headers.get("Location"))
    assert says in answer.text, answer.text
    assert not browser.is_signed_in()


def changed(**members: Any) -> Callable[[Claims], Claims]:
    """Claims in which these are replaced; None leaves one out."""
    return lambda claims: {name: value for name, value in (claims | members).items() if value is not None}


def now(seconds: int) -> int:
    return int(time.time()) + seconds


def _merged(answer: dict[str, str], query: dict[str, str]) -> dict[str, str]:
    return query | answer


def email_of(provider: OpenIdProvider) -> str:
    assert provider.person.email is not None
    return provider.person.email


BAD_CLAIMS: dict[str, tuple[int, Callable[[], Callable[[Claims], Claims]]]] = {
    "other issuer": (161, lambda: changed(iss="https://other.example.test")),
    "issuer with a slash": (161, lambda: lambda claims: claims | {"iss": claims["iss"] + "/"}),
    "no issuer": (161, lambda: changed(iss=None)),
    "other audience": (163, lambda: changed(aud="another-client")),
    "no audience": (163, lambda: changed(aud=None)),
    "other authorised party": (163, lambda: changed(azp="another-client")),
    "several audiences, no authorised party": (163, lambda: changed(aud=["linkxg", "another-client"])),
    "expired": (163, lambda: changed(exp=now(-61))),
    "no expiry": (163, lambda: changed(exp=None)),
    "expiry that is a text": (163, lambda: changed(exp=str(now(300)))),
    "of the future": (163, lambda: changed(iat=now(120), exp=now(600))),
    "kept for an hour": (163, lambda: changed(iat=now(-3_600))),
    "wrong nonce": (163, lambda: changed(nonce="0" * 64)),
    "no nonce": (163, lambda: changed(nonce=None)),
    "no subject": (163, lambda: changed(sub=None)),
    "empty subject": (163, lambda: changed(sub="")),
    "subject of 256 characters": (163, lambda: changed(sub="s" * 256)),
}


@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_rules_161_and_163_a_token_with_wrong_claims_signs_nobody_in(
    provider: OpenIdProvider, browser: SsoVisitor, name: str
) -> None:
    provider.change_claims = BAD_CLAIMS[name][1]()
    refused(browser.sign_on(email_of(provider)), browser)


def test_rule_163_several_audiences_are_accepted_if_the_token_was_issued_to_this_client(
    provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    provider.change_claims = changed(aud=["linkxg", "another-client"], azp="linkxg")
    assert browser.sign_on(email_of(provider)).status_code == 303


def test_rule_163_a_token_of_another_type_is_no_id_token(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    for typ in ("logout+jwt", "at+jwt"):
        provider.make_token = partial(provider.sign, typ=typ)
        refused(browser.sign_on(email_of(provider)), browser)


def _altered(provider: OpenIdProvider, claims: Claims) -> str:
    """The claims of somebody else under the signature of an honest token."""
    head, _, signature = provider.sign(claims).split(".")
    _, body, _ = provider.sign(claims | {"sub": "somebody-else"}).split(".")
    return f"{head}.{body}.{signature}"


FORGED: dict[str, Callable[[OpenIdProvider, Claims], str]] = {
    "alg none": lambda provider, claims: provider.unsigned(claims),
    "alg none with a signature": lambda provider, claims: provider.unsigned(claims) + "c2lnbmF0dXJl",
    "HS256 by the public key": lambda provider, claims: provider.by_public_key(claims),
    "altered": _altered,
    "no signature": lambda provider, claims: provider.sign(claims).rpartition(".")[0] + ".",
    "four parts": lambda provider, claims: provider.sign(claims) + ".c2lnbmF0dXJl",
    "no token": lambda provider, claims: "not a token",
}


@pytest.mark.parametrize("name", FORGED)
def test_rule_162_a_forged_token_signs_nobody_in(provider: OpenIdProvider, browser: SsoVisitor, name: str) -> None:
    provider.make_token = lambda claims: FORGED[name](provider, claims)
    refused(browser.sign_on(email_of(provider)), browser)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_rule_162_a_new_key_is_fetched_and_accepted(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, algorithm: str
) -> None:
    # Connecting fetches the keys; an address of its own is cached by itself.
    provider.rotate(algorithm)
    provider.metadata = {"jwks_uri": f"{provider.issuer}/jwks?{algorithm}-{time.monotonic_ns()}"}
    connect(sso_world, provider).expect(200)
    assert browser.sign_on(email_of(provider)).status_code == 303


def test_rule_162_invented_key_ids_cause_one_request_a_minute(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    provider.metadata = {"jwks_uri": f"{provider.issuer}/jwks?{time.monotonic_ns()}"}
    connect(sso_world, provider).expect(200)
    before = provider.count("/jwks")
    for kid in ("invented-1", "invented-2", "invented-3"):
        provider.make_token = partial(provider.sign, kid=kid)
        refused(browser.sign_on(email_of(provider)), browser, "key that is not in its key set")
    assert provider.count("/jwks") - before <= 1


def test_rule_161_the_answer_of_another_provider_is_refused_before_its_code_is_used(
    provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    for answer in ({"iss": "https://other.example.test"}, {"iss": ""}):
        provider.answer_query = partial(_merged, answer)
        provider.requests.clear()
        refused(browser.sign_on(email_of(provider)), browser, "another identity provider")
        assert provider.count("/token") == 0
    provider.answer_query = lambda query: {name: value for name, value in query.items() if name != "iss"}
    refused(browser.sign_on(email_of(provider)), browser, "another identity provider")


def test_rule_161_the_metadata_must_name_the_issuer_exactly(sso_world: World, provider: OpenIdProvider) -> None:
    for issuer in (provider.issuer + "/", "https://other.example.test", None):
        provider.metadata = {"issuer": issuer}
        answer = connect(sso_world, provider).expect(422, "validation_failed")
        assert "names another issuer" in answer.object()["details"][0]["message"]


def test_rule_164_an_answer_works_once(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    provider.accepts_code_again = True
    back = browser.at_provider(browser.begin(email_of(provider)))
    assert browser.come_back(back).status_code == 303
    again = browser.come_back(back)
    assert again.status_code == 403
    assert "completed already" in again.text


def test_rule_164_an_answer_works_only_in_the_browser_that_began(
    provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    """Login CSRF: the victim is sent the answer that belongs to the attacker's sign-in."""
    victim = new_browser()
    victim.get("/sign-in")
    back = browser.at_provider(browser.begin(email_of(provider)))
    refused(victim.come_back(back), victim)
    stranger = new_browser()
    refused(stranger.come_back(back), stranger)
    # It was not spent by them.
    assert browser.come_back(back).status_code == 303


def test_rule_164_a_code_of_another_sign_in_is_refused(
    provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    """Code injection: PKCE and the nonce bind a code to the sign-in that it was issued for."""
    attacker = new_browser()
    stolen = dict(parse_qsl(urlsplit(browser.at_provider(browser.begin(email_of(provider)))).query))
    own = attacker.at_provider(attacker.begin(email_of(provider)))
    mixed = dict(parse_qsl(urlsplit(own).query)) | {"code": stolen["code"]}
    refused(attacker.come_back(f"{urlsplit(own).path}?{urlencode(mixed)}"), attacker)


def test_rule_164_a_state_of_another_account_or_a_repeated_one_is_refused(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    back = browser.at_provider(browser.begin(email_of(provider)))
    other = back.replace(sso_world.account.account_id, sso_world.other.account_id)
    assert other != back
    refused(browser.come_back(other), browser)
    refused(browser.come_back(back + "&state=other"), browser)
    for query in ("", "?state=x&code=y", "?code=y", "?error=access_denied"):
        refused(browser.come_back(urlsplit(back).path + query), browser)


def test_rule_164_the_request_carries_state_nonce_and_pkce(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    found = dict(parse_qsl(urlsplit(browser.begin(email_of(provider))).query))
    assert found["response_type"] == "code"
    assert found["code_challenge_method"] == "S256"
    assert (len(found["state"]), len(found["nonce"]), len(found["code_challenge"])) == (43, 64, 43)


def test_rule_164_the_way_back_stays_on_this_site(provider: OpenIdProvider, browser: SsoVisitor) -> None:
    for target in ("https://evil.example.test/", "//evil.example.test", "/\\evil.example.test"):
        answer = browser.sign_on(email_of(provider), target)
        assert answer.status_code == 303
        assert answer.headers["Location"] in ("/account/welcome", "/"), "the first time, and later"


def test_rule_167_an_address_that_the_provider_has_not_verified_is_no_address(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    victim = sso_world.person("OWNER")
    for verified in (False, None):
        provider.person = SignedInPerson("attacker", address_of(DOMAIN), verified)
        refused(browser.sign_on(address_of(DOMAIN)), browser, "has not confirmed your e-mail address")
    provider.person = SignedInPerson("attacker", victim.email, True)
    refused(browser.sign_on(address_of(DOMAIN)), browser, "is not one that your company has verified")
    for claims in ({"email_verified": "true"}, {"email_verified": False, "xms_edov": True}, {"xms_edov": False}):
        provider.person = SignedInPerson("attacker", address_of(DOMAIN), None, claims)
        refused(browser.sign_on(address_of(DOMAIN)), browser, "has not confirmed your e-mail address")


def test_rule_167_a_person_of_another_account_is_never_taken_over(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    target = sso_world.other.owner
    domain = target.email.partition("@")[2]
    # The other account's Owner has an address of a domain that this account has, wrongly, been given.
    verify_domain(sso_world.server, sso_world.account.account_id, domain)
    try:
        provider.person = SignedInPerson("attacker", target.email)
        refused(browser.sign_on(address_of(DOMAIN)), browser, "in use in another account")
        login(sso_world.api, target.email, target.password).expect(200)
    finally:
        sso_world.api.delete(f"/account/domains/{domain}", bearer=sso_world.owner.access).expect(204)


def test_rule_167_a_person_is_linked_to_one_subject(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    """An address that the provider gives to somebody else does not give them the first one's account."""
    email = email_of(provider)
    assert browser.sign_on(email).status_code == 303
    provider.person = SignedInPerson("the next holder of the address", email)
    second = new_browser()
    refused(second.sign_on(email), second, "already belongs to another identity")
