"""What an account decides about single sign-on holds against its provider and its people.

Security rules 166, 168 to 171 and 210.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from attacks.cases import case
from harness.answers import Answer
from harness.openid_provider import OpenIdProvider, SignedInPerson
from harness.passkeys import passkey_of, request_options, step_options
from harness.people import accept, invite, login, me, refresh, sign_in
from harness.rows import count, execute, rows
from harness.single_sign_on import SsoVisitor, address_of, connect, verify_domain
from harness.world import World
from sso.conftest import DOMAIN, NewBrowser

CHANGING = {"date", "x-request-id"}


def shape(answer: Answer) -> str:
    fields = [(k, v) for k, v in answer.fields if k not in CHANGING and not k.startswith("ratelimit")]
    return json.dumps([answer.status, fields, answer.without_request_id])


def role_of(world: World, email: str) -> str | None:
    people = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    return next((one["role"] for one in people if one["email"] == email), None)


def send_logout(world: World, token: str, account_id: str | None = None) -> Answer:
    path = f"//sign-in/sso/{account_id or world.account.account_id}/backchannel-logout"
    return world.api.post(path, form={"logout_token": token})


def test_rule_166_a_domain_belongs_to_one_account(sso_world: World, provider: OpenIdProvider) -> None:
    other = sso_world.other
    done = sso_world.server.try_command("domains", "verify", DOMAIN, "--account", other.account_id, "--claim")
    assert done.returncode == 1
    assert b"Another account has verified this domain" in done.stderr
    # A claim alone gives nothing.
    bearer = sso_world.other_owner.access
    claimed = sso_world.api.request("PUT", f"/account/domains/{DOMAIN}", bearer=bearer).expect(200).data()
    assert claimed["verified"] is False
    sso_world.api.delete(f"/account/domains/{DOMAIN}", bearer=bearer).expect(204)


def test_rule_166_the_sign_in_page_tells_domains_and_no_people(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    """Known and unknown people of a domain are led on alike; so are those of unknown domains to the password."""
    known, unknown = sso_world.owner.person.email, "nobody@example.test"
    pages = []
    for email in (known, unknown):
        answer = browser.fill(browser.get("/sign-in/sso"), "/sign-in/sso", email=email)
        pages.append(answer.text.replace(email, "EMAIL"))
    strip = [page[page.index("<body") :] for page in pages]
    assert strip[0] == strip[1]
    assert "Sign in with your password" in strip[0]
    first, second = (browser.begin(email) for email in (address_of(DOMAIN), address_of(DOMAIN)))
    assert first.partition("?")[0] == second.partition("?")[0]


def test_rule_168_claims_make_nobody_an_owner_unless_the_account_says_so(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    mapping = {"admins": "ADMIN", "owners": "OWNER"}
    answer = connect(sso_world, provider, roleClaim="groups", roleMapping=mapping).expect(422, "validation_failed")
    assert answer.object()["details"][0]["field"] == "roleMapping"
    connect(sso_world, provider, defaultRole="OWNER").expect(422, "validation_failed")
    email = address_of(DOMAIN)
    connect(sso_world, provider, roleClaim="groups", roleMapping={"admins": "ADMIN"}).expect(200)
    provider.person = SignedInPerson(email, email, True, {"groups": ["owners", "OWNER"]})
    assert browser.sign_on(email).status_code == 303
    assert role_of(sso_world, email) == "MEMBER"
    connect(sso_world, provider, roleClaim="groups", roleMapping=mapping, ownersByClaim=True).expect(200)
    assert browser.sign_on(email).status_code == 303
    assert role_of(sso_world, email) == "OWNER"


def test_rule_168_a_lower_role_ends_the_sessions_of_the_higher_one(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    connect(sso_world, provider, roleClaim="groups", roleMapping={"admins": "ADMIN"}).expect(200)
    email = address_of(DOMAIN)
    provider.person = SignedInPerson(email, email, True, {"groups": "admins"})
    assert browser.sign_on(email).status_code == 303
    assert browser.get("/account/members").status_code == 200
    provider.person = SignedInPerson(email, email, True, {"groups": []})
    again = new_browser()
    assert again.sign_on(email).status_code == 303
    assert role_of(sso_world, email) == "MEMBER"
    assert browser.get("/account/members").status_code in (302, 303, 401, 403)
    assert again.get("/account/members").status_code == 403


def test_rule_168_without_a_role_nobody_comes_in(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    connect(sso_world, provider, defaultRole=None, roleClaim="groups", roleMapping={"staff": "VIEWER"}).expect(200)
    email = address_of(DOMAIN)
    provider.person = SignedInPerson(email, email, True, {"groups": ["visitors"]})
    answer = browser.sign_on(email)
    assert answer.status_code == 403
    assert "given you no role" in answer.text
    assert role_of(sso_world, email) is None


def test_rule_169_others_get_the_answer_of_a_wrong_password(sso_world: World, provider: OpenIdProvider) -> None:
    person, owner = sso_world.person("MEMBER"), sso_world.person("OWNER")
    session = sign_in(sso_world.api, person)
    _, token = invite(sso_world.api, sso_world.owner, "VIEWER")
    keeper = sso_world.account.owner
    link_path = f"/account/users/{person.user_id}/password-reset"
    link = sso_world.api.post(link_path, bearer=sso_world.owner.access, reveals=True).expect(201).data()["link"]
    link_token = sso_world.vault.remember("password link", link.rpartition("/")[2])
    connect(sso_world, provider, ssoOnly=True, breakGlassOwnerIds=[keeper.user_id]).expect(200)
    try:
        # Sessions that began with a password have ended, refresh tokens with them.
        me(sso_world.api, session.access).expect(401, "invalid_token")
        refresh(sso_world.api, session.refresh).expect(401, "invalid_token")
        wrong = login(sso_world.api, person.email, sso_world.vault.invent("mistyped password", length=24))
        assert shape(login(sso_world.api, person.email, person.password)) == shape(
            wrong.expect(401, "invalid_credentials")
        )
        login(sso_world.api, owner.email, owner.password).expect(401, "invalid_credentials")
        accept(sso_world.api, token, sso_world.vault.password()).expect(404, "not_found")
        body = {"token": link_token, "newPassword": sso_world.vault.password()}
        sso_world.api.post("/auth/password-reset/complete", json=body).expect(404, "not_found")
        keeping = login(sso_world.api, keeper.email, keeper.password).expect(200).data()["accessToken"]
        sso_world.api.post(link_path, bearer=keeping).expect(409, "conflict")
        login(sso_world.api, keeper.email, keeper.password).expect(200)
    finally:
        connect(sso_world, provider).expect(200)
    login(sso_world.api, person.email, person.password).expect(200)


def test_rule_169_an_owner_keeps_a_password(sso_world: World, provider: OpenIdProvider) -> None:
    connect(sso_world, provider, ssoOnly=True).expect(422, "validation_failed")
    member, second = sso_world.person("MEMBER"), sso_world.person("OWNER")
    connect(sso_world, provider, ssoOnly=True, breakGlassOwnerIds=[member.user_id]).expect(422, "validation_failed")
    connect(sso_world, provider, ssoOnly=True, breakGlassOwnerIds=[sso_world.other.owner.user_id]).expect(
        422, "validation_failed"
    )
    bearer = sso_world.owner.access
    keeper = sso_world.account.owner.user_id
    connect(sso_world, provider, ssoOnly=True, breakGlassOwnerIds=[keeper, second.user_id]).expect(200)
    try:
        at = f"/account/users/{second.user_id}"
        sso_world.api.delete(at, bearer=bearer).expect(204)
        me_at = f"/account/users/{keeper}"
        sso_world.api.patch(me_at, bearer=bearer, json={"role": "ADMIN"}).expect(409, "conflict")
        sso_world.api.patch(me_at, bearer=bearer, json={"disabled": True}).expect(409, "conflict")
        sso_world.api.delete(me_at, bearer=bearer).expect(409, "conflict")
    finally:
        connect(sso_world, provider).expect(200)


BAD_LOGOUTS: dict[str, dict[str, Any]] = {
    "other issuer": {"iss": "https://other.example.test"},
    "other audience": {"aud": "another-client"},
    "no events": {"events": None},
    "other event": {"events": {"https://example.test/event": {}}},
    "a nonce": {"nonce": "n"},
    "no jti": {"jti": None},
    "too old": {"iat": int(time.time()) - 3_600},
    "of the future": {"iat": int(time.time()) + 7_200},
    "expired": {"exp": int(time.time()) - 3_600},
    "nobody named": {"sub": None},
    "of an access token's type": {"typ": "at+jwt"},
}


@pytest.mark.parametrize("name", BAD_LOGOUTS)
def test_rule_170_a_wrong_logout_token_ends_nothing(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, name: str
) -> None:
    assert provider.person.email is not None
    assert browser.sign_on(provider.person.email).status_code == 303
    send_logout(sso_world, provider.logout_token(**BAD_LOGOUTS[name])).expect(400, "invalid_request")
    assert browser.is_signed_in()


def test_rule_170_an_id_token_is_no_logout_token(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    assert provider.person.email is not None
    assert browser.sign_on(provider.person.email).status_code == 303
    claims = provider.id_claims(provider.person, None, "s") | {"jti": "j"}
    send_logout(sso_world, provider.sign(claims)).expect(400, "invalid_request")
    send_logout(sso_world, provider.unsigned(claims)).expect(400, "invalid_request")
    send_logout(sso_world, "x").expect(400, "invalid_request")
    send_logout(sso_world, provider.logout_token(), sso_world.other.account_id).expect(400, "invalid_request")
    assert browser.is_signed_in()


def test_rule_170_a_logout_ends_the_sessions_once(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor, new_browser: NewBrowser
) -> None:
    email = provider.person.email
    assert email is not None
    provider.sid = "first session"
    assert browser.sign_on(email).status_code == 303
    provider.sid = "second session"
    second = new_browser()
    assert second.sign_on(email).status_code == 303
    token = provider.logout_token(sub=None, sid="first session")
    send_logout(sso_world, token).expect(200)
    assert (browser.is_signed_in(), second.is_signed_in()) == (False, True)
    send_logout(sso_world, token).expect(400, "invalid_request")
    send_logout(sso_world, provider.logout_token()).expect(200)
    assert not second.is_signed_in()


def test_rule_171_only_owners_manage_single_sign_on(sso_world: World, provider: OpenIdProvider) -> None:
    for role in ("ADMIN", "MEMBER", "VIEWER"):
        bearer = sso_world.session(role).access
        sso_world.api.get("/account/identity-provider", bearer=bearer).expect(403, "access_denied")
        connect(sso_world, provider, bearer).expect(403, "access_denied")
        sso_world.api.delete("/account/identity-provider", bearer=bearer).expect(403, "access_denied")
        sso_world.api.request("PUT", "/account/domains/evil.test", bearer=bearer).expect(403, "access_denied")


def test_rule_171_the_client_secret_stays_here_and_goes_to_its_issuer_only(
    sso_world: World, provider: OpenIdProvider
) -> None:
    sso_world.vault.remember("client secret of a provider", provider.client_secret)
    bearer = sso_world.owner.access
    shown = sso_world.api.get("/account/identity-provider", bearer=bearer).expect(200)
    assert provider.client_secret not in shown.body.decode()
    assert "clientSecret" not in shown.data()
    body = {"issuer": "https://other.example.test", "clientId": "linkxg"}
    answer = sso_world.api.request("PUT", "/account/identity-provider", bearer=bearer, json=body).expect(
        422, "validation_failed"
    )
    assert [one["field"] for one in answer.object()["details"]] == ["clientSecret"]
    other = {"issuer": provider.issuer, "clientId": "another", "defaultRole": "MEMBER"}
    answer = sso_world.api.request("PUT", "/account/identity-provider", bearer=bearer, json=other).expect(
        422, "validation_failed"
    )
    assert [one["field"] for one in answer.object()["details"]] == ["clientSecret"]
    # The same client of the same issuer keeps it.
    kept = {"issuer": provider.issuer, "clientId": "linkxg", "defaultRole": "MEMBER"}
    sso_world.api.request("PUT", "/account/identity-provider", bearer=bearer, json=kept).expect(200)


def test_rule_171_what_is_changed_is_audited(sso_world: World, provider: OpenIdProvider) -> None:
    connect(sso_world, provider, defaultRole="VIEWER").expect(200)
    verify_domain(sso_world.server, sso_world.account.account_id, DOMAIN)
    events = sso_world.api.get("/account/audit-events?action=identity_provider.changed&limit=1",
                               bearer=sso_world.owner.access).expect(200).data()  # fmt: skip
    assert events[0]["details"]["default_role"] == "VIEWER"
    assert "client_secret" not in json.dumps(events[0]["details"])


WAYS = ("password", "passkey", "password and passkey", "current password")


@pytest.mark.parametrize("by", [case(184, name, name) for name in WAYS])
def test_with_single_sign_on_only_own_credentials_step_no_session_up(
    sso_world: World, provider: OpenIdProvider, by: str
) -> None:
    session = sso_world.session()
    authenticator = None if "passkey" not in by else passkey_of(sso_world, session)
    path = "/auth/step-up"
    body: dict[str, Any] = {"password": session.person.password}
    if by == "current password":
        path = "/auth/password"
        body = {"currentPassword": session.person.password, "newPassword": sso_world.vault.password()}
    elif authenticator is not None and by == "passkey":
        body = {"credential": authenticator.get(request_options(sso_world))}
    elif authenticator is not None:
        answer = sso_world.api.post(path, bearer=session.access, json=body, reveals=True)
        asked = answer.expect(401, "mfa_required").object()
        credential = authenticator.get(step_options(sso_world, asked["mfaToken"]))
        body = {"mfaToken": asked["mfaToken"], "method": "passkey", "credential": credential}
    # Behind the program's back: the change itself would end the session.
    account = f"account_id = '{sso_world.account.account_id}'"
    execute(sso_world.server.database, f"UPDATE identity_providers SET sso_only = (1 = 1) WHERE {account}")
    try:
        sso_world.api.post(path, bearer=session.access, json=body).expect(401, "invalid_credentials")
    finally:
        execute(sso_world.server.database, f"UPDATE identity_providers SET sso_only = (1 = 0) WHERE {account}")


def test_rule_187_a_session_states_what_its_last_authentication_used(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = address_of(DOMAIN)
    _, token = invite(sso_world.api, sso_world.owner, "ADMIN", email)
    password = sso_world.vault.password()
    accept(sso_world.api, token, password).expect(201)
    provider.person = SignedInPerson(f"sub of {email}", email)
    assert browser.sign_on(email).status_code == 303
    mine = f"user_id = (SELECT id FROM users WHERE email = '{email}')"
    aged = "UPDATE sessions SET authenticated_at = authenticated_at - 660000"
    execute(sso_world.server.database, f"{aged} WHERE {mine}")
    asked = browser.post("/account/security", [("csrf", browser.csrf()), ("act", "company")])
    assert browser.fill(asked, confirm_password=password).status_code == 200
    assert rows(sso_world.server.database, f"SELECT amr FROM sessions WHERE {mine}") == [["pwd"]]


def test_rule_210_one_network_makes_no_other_begin_again(
    engine: str, sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    """Of the sign-ins in progress of an account, a network has a part; beyond it, its own oldest are forgotten."""
    assert provider.person.email is not None
    account, database = sso_world.account.account_id, sso_world.server.database
    url = browser.begin(provider.person.email)
    mine = f"account_id = '{account}' AND network"
    # Begun first, and in another network than the many.
    elsewhere = "network = '203.0.113.0/24', expires_at = expires_at - 60000"
    assert execute(database, f"UPDATE federated_sign_ins SET {elsewhere} WHERE {mine} = '127.0.0.0/24' RETURNING 1")
    digest = "randomblob(32)" if engine == "sqlite" else "decode(md5(i::text) || md5(i::text || 'x'), 'hex')"
    execute(
        database,
        "WITH RECURSIVE many(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM many WHERE i < 4999) "
        "INSERT INTO federated_sign_ins (account_id, digest, browser_digest, issuer, target, reauthenticates, "
        f"network, expires_at) SELECT '{account}', {digest}, {digest}, '{provider.issuer}', '/', false, "
        f"'127.0.0.0/24', {int(time.time() * 1_000) + 599_000} FROM many",
    )
    try:
        for _ in range(3):
            browser.begin(provider.person.email)
        kept = count(database, f"SELECT count(*) FROM federated_sign_ins WHERE {mine} = '127.0.0.0/24'")
        assert kept == 1_000
        assert browser.come_back(browser.at_provider(url)).status_code == 303
    finally:
        execute(database, f"DELETE FROM federated_sign_ins WHERE {mine} = '127.0.0.0/24' RETURNING 1")
