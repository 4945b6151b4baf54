"""How a client authenticates is changed in the sight of its Owners, and never so that it is locked out.

Security rules 299 and 301.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import ServerFactory, assert_no_leaks
from console.browser import Visitor, text_of
from harness.answers import Answer
from harness.client_assertions import add_key, add_trust, new_key, public
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient, make_client
from harness.email_changes import Mailing, mailing_server
from harness.rows import count, execute
from harness.server import Server
from harness.world import World, build_world

SUBJECT = "Authentication of an OAuth client changed"
WORKLOAD = {"issuer": "https://ci.example", "audience": "https://api.example.test",
            "claims": {"repository": "acme/erp"}}  # fmt: skip
SECRETS, TLS, KEY, JOB = (
    ["client_secret_basic", "client_secret_post"],
    ["self_signed_tls_client_auth"],
    ["private_key_jwt"],
    ["workload_identity"],
)


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory) -> Iterator[Mailing]:
    with mailing_server(new_server, engine) as made:
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


def add_certificate(world: World, oauth: OAuthClient) -> Answer:
    path, body = f"/oauth/clients/{oauth.client_id}/certificates", {"certificate": ClientCertificate().pem}
    return world.api.post(path, bearer=world.owner.access, json=body)


def add_workload(world: World, oauth: OAuthClient, **changed: Any) -> Answer:
    """Of an issuer that counts as read."""
    added = add_trust(world.api, world.owner, oauth.client_id, **(WORKLOAD | changed))
    if added.status == 201:
        where = f"where id = '{added.object()['id']}' returning id"
        execute(world.server.database, f"update client_assertion_credentials set read_at = 1 {where}")
    return added


ADDS: dict[str, Callable[[World, OAuthClient], Answer]] = {
    "keys": lambda world, oauth: add_key(world.api, world.owner, oauth.client_id, jwk=public(new_key())),
    "trusts": add_workload,
    "certificates": add_certificate,
}
METHOD = {"keys": KEY, "trusts": JOB, "certificates": TLS}


def remove(world: World, oauth: OAuthClient, kind: str, added: Answer) -> Answer:
    path = f"/oauth/clients/{oauth.client_id}/{kind}/{added.object()['id']}"
    return world.api.delete(path, bearer=world.owner.access)


def change(world: World, oauth: OAuthClient, **members: Any) -> Answer:
    return world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json=members)


def mails(mailing: Mailing, oauth: OAuthClient, number: int) -> list[str]:
    """Those to the Owner about this client, when there are so many, in any order."""
    owner, deadline = mailing.world.account.owner.email, time.monotonic() + 15
    while True:
        found = [text for one in mailing.mails_to(owner, SUBJECT) if oauth.client_id in (text := one.text())]
        if len(found) >= number:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


CHANGES: dict[str, tuple[Any, Any, str]] = {
    "dpop_bound_access_tokens": (True, False, "need not be bound to a key"),
    "tls_client_certificate_bound_access_tokens": (True, False, "need not be bound to a certificate"),
    "token_endpoint_auth_methods": (TLS, [*SECRETS, *TLS], "are now: client_secret_basic, client_secret_post"),
    "allowed_cidrs": (["203.0.113.0/24"], [], "from any address"),
    "self_rotation": (False, True, "may rotate its own secret"),
}


@pytest.mark.parametrize("member", CHANGES)
def test_rule_299_a_change_is_mailed_and_a_repetition_is_not(mailing: Mailing, member: str) -> None:
    world, (strict, lax, words) = mailing.world, CHANGES[member]
    oauth = make_client(world.api, world.owner)
    add_certificate(world, oauth).expect(201)
    sql = f"select count(*) from audit_events where target = '{oauth.client_id}' and action = 'client.updated'"
    for values in (strict, strict, lax, lax):
        change(world, oauth, **{member: values}).expect(200)
    change(world, oauth, client_name="Renamed").expect(200)
    add_certificate(world, oauth).expect(201)
    # Mails overtake each other.
    found = mails(mailing, oauth, 4)
    assert sum("was added" in one for one in found) == 2, found
    assert sum(words in one for one in found) == 1, found
    assert len(found) == 4
    assert count(world.server.database, sql) == 3


@pytest.mark.parametrize("kind", ADDS)
def test_rule_299_credentials_are_mailed_when_they_come_and_go(mailing: Mailing, kind: str) -> None:
    oauth = make_client(mailing.world.api, mailing.world.owner)
    added = ADDS[kind](mailing.world, oauth).expect(201)
    remove(mailing.world, oauth, kind, added).expect(204)
    found = mails(mailing, oauth, 2)
    (added_mail,) = (one for one in found if "was added to the OAuth client" in one)
    assert "can request tokens" in added_mail
    assert sum("was removed from the OAuth client" in one for one in found) == 1


def test_rule_299_the_console_mails_as_the_api_does(mailing: Mailing) -> None:
    world = mailing.world
    oauth = make_client(world.api, world.owner)
    visitor = Visitor(world.server.url, world.vault)
    visitor.sign_in(world.account.owner)
    page = f"/account/api-access/{oauth.client_id}/authentication"
    place = page.removesuffix("/authentication")

    def send(action: str, **fields: Any) -> None:
        answer = visitor.fill(visitor.get(page), action, **fields)
        assert answer.status_code == 303, text_of(answer)

    send(f"{place}/certificates", certificate=ClientCertificate("console.example.com").pem)
    # The first certificate has permitted its method.
    send(page, method=SECRETS)
    send(page, method=SECRETS)
    send(f"{place}/binding", dpop="yes")
    send(f"{place}/binding", dpop=[])
    (listed,) = world.api.get(f"/oauth/clients/{oauth.client_id}/certificates", bearer=world.owner.access).object()[
        "certificates"
    ]
    address = f"{place}/certificates/{listed['id']}/remove"
    asked = visitor.fill(visitor.get(page), address)
    assert visitor.fill(asked, address, sure="yes").status_code == 303
    found = mails(mailing, oauth, 5)
    words = ["was added", "are now", "must be bound to a key", "need not be bound to a key", "was removed"]
    assert [sum(word in text for text in found) for word in words] == [1] * 5, found
    visitor.close()


@pytest.fixture
def limited(engine: str, fresh_server: Callable[..., Server]) -> Iterator[World]:
    """With the ordinary limits."""
    world = build_world(fresh_server(engine, LINKXG_LIMIT_SCALE="1"))
    yield world
    world.close()


def test_rule_299_what_a_person_adds_in_an_hour_is_bounded_whatever_it_is(limited: World) -> None:
    world = limited
    oauth, kinds = make_client(world.api, world.owner), list(ADDS)
    for number in range(120):
        kind = kinds[number % len(kinds)]
        remove(world, oauth, kind, ADDS[kind](world, oauth).expect(201)).expect(204)
    for kind in kinds:
        ADDS[kind](world, oauth).expect(429, "rate_limit_exceeded")
    visitor = Visitor(world.server.url, world.vault)
    visitor.sign_in(world.account.owner)
    page = f"/account/api-access/{oauth.client_id}/authentication"
    place, pem = page.replace("/authentication", "/certificates"), ClientCertificate().pem
    answer = visitor.fill(visitor.get(page), place, certificate=pem)
    assert answer.status_code == 429
    assert dict(visitor.fields(answer, place))["certificate"].strip() == pem.strip()
    visitor.close()


@pytest.mark.parametrize("kind", ADDS)
def test_rule_301_a_method_needs_its_credential_and_the_last_one_stays(world: World, kind: str) -> None:
    oauth = make_client(world.api, world.owner)
    refused = change(world, oauth, token_endpoint_auth_methods=METHOD[kind]).expect(400, "invalid_request")
    assert "could get no token" in refused.object()["error_description"]
    change(world, oauth, token_endpoint_auth_methods=[*SECRETS, *METHOD[kind]]).expect(200)
    first = ADDS[kind](world, oauth).expect(201)
    change(world, oauth, token_endpoint_auth_methods=METHOD[kind]).expect(200)
    # One for another method, which is not allowed, helps nobody.
    for other in ADDS.keys() - {kind}:
        change(world, oauth, token_endpoint_auth_methods=METHOD[other]).expect(400, "invalid_request")
    last = remove(world, oauth, kind, first).expect(409, "conflict")
    assert "could get no token" in last.object()["error_description"]
    if kind == "trusts":
        add_workload(world, oauth, claims={"repository": "acme/pim"}).expect(201)
    else:
        ADDS[kind](world, oauth).expect(201)
    remove(world, oauth, kind, first).expect(204)
    # What has nothing to do with it is changed all the same.
    change(world, oauth, client_name="Renamed", disabled=True).expect(200)


def test_rule_301_a_certificate_that_tokens_must_be_bound_to_stays(world: World) -> None:
    oauth = make_client(world.api, world.owner)
    added = add_certificate(world, oauth).expect(201)
    change(world, oauth, tls_client_certificate_bound_access_tokens=True).expect(200)
    remove(world, oauth, "certificates", added).expect(409, "conflict")
    change(world, oauth, tls_client_certificate_bound_access_tokens=False).expect(200)
    remove(world, oauth, "certificates", added).expect(204)


@pytest.mark.parametrize("kind", ADDS)
def test_rule_301_the_console_says_so(world: World, kind: str) -> None:
    oauth = make_client(world.api, world.owner)
    visitor = Visitor(world.server.url, world.vault)
    visitor.sign_in(world.account.owner)
    page = f"/account/api-access/{oauth.client_id}/authentication"
    answer = visitor.fill(visitor.get(page), page, method=METHOD[kind])
    assert answer.status_code == 422
    assert "could get no token" in text_of(answer)
    added = ADDS[kind](world, oauth).expect(201).object()["id"]
    assert visitor.fill(visitor.get(page), page, method=METHOD[kind]).status_code == 303
    address = page.replace("/authentication", f"/{kind}/{added}/remove")
    answer = visitor.fill(visitor.fill(visitor.get(page), address), address, sure="yes")
    assert answer.status_code == 409
    assert "could get no token" in text_of(answer)
    visitor.close()
