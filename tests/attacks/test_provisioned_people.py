"""Whom an identity provider may create, how many, and how a leaver ends. Security rules 190 to 192."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attacks.conftest import PROXIED, new_source
from harness.answers import Answer
from harness.email_changes import mailing_world
from harness.factors import first_step, person_with_totp, second_step
from harness.openid_provider import OpenIdProvider, SignedInPerson
from harness.people import Session, accept, invite, login, me, new_email, refresh
from harness.rows import count, execute
from harness.server import Server
from harness.single_sign_on import SsoVisitor, address_of, connect
from harness.smtp_sink import SmtpSink
from harness.world import World
from network.partners import new_account
from password_reset.links import complete, link_for
from scim.provider import USER, Provider, domain_of_account, end_tokens, new_provider
from sso.conftest import DOMAIN

LIMIT = 5_000


@pytest.fixture
def provider(world: World) -> Iterator[Provider]:
    yield new_provider(world)
    end_tokens(world)


def create(provider: Provider, address: str) -> Answer:
    return provider.request("POST", "/Users", json={"schemas": [USER], "userName": address})


def rename(provider: Provider, user_id: str, address: str) -> Answer:
    return provider.patch(user_id, {"op": "replace", "path": "userName", "value": address})


def unverified(world: World, provider: Provider) -> list[str]:
    """Addresses in domains that the account has not verified, half of which somebody has."""
    claimed = f"claimed.{provider.domain}"
    world.api.request("PUT", f"/account/domains/{claimed}", bearer=world.owner.access, json={}).expect(200)
    foreign = domain_of_account(world, world.other_owner)
    return [
        world.other.owner.email, new_email("nobody"), f"ceo@{foreign}", f"ceo@{claimed}", f"ceo@sub.{provider.domain}",
        f"ceo@x{provider.domain}", f"ceo@{provider.domain}.evil.test",
    ]  # fmt: skip


def test_rule_190_only_addresses_of_a_verified_domain_are_created(world: World, provider: Provider) -> None:
    """The refusal is the same whether or not anybody has the address, in this account or another."""
    member = world.person()
    bodies = set()
    for address in [member.email, *unverified(world, provider)]:
        bodies.add(create(provider, address).expect(400, "invalidValue").body)
        bodies.add(create(provider, address.upper()).expect(400, "invalidValue").body)
    assert len(bodies) == 1
    assert b"domain" in bodies.pop()
    login(world.api, member.email, member.password).expect(200)
    create(provider, provider.address().upper()).expect(201)


def test_rule_190_nobody_is_renamed_to_an_address_of_another_domain(world: World, provider: Provider) -> None:
    made, member = provider.create(), world.person()
    bodies = set()
    for address in unverified(world, provider):
        body = {"schemas": [USER], "userName": address}
        for user_id in (made["id"], member.user_id):
            bodies.add(rename(provider, user_id, address).expect(400, "invalidValue").body)
            bodies.add(provider.put(user_id, json=body).expect(400, "invalidValue").body)
    assert len(bodies) == 1
    assert provider.get(f"/Users/{made['id']}").expect(200).object() == made
    login(world.api, member.email, member.password).expect(200)


def test_rule_190_members_of_other_domains_stay_manageable(world: World, provider: Provider) -> None:
    member = world.person()
    body = provider.user(userName=member.email.upper(), displayName="Ada", roles=["VIEWER"])
    assert provider.put(member.user_id, json=body).expect(200).object()["roles"][0]["value"] == "VIEWER"
    provider.deactivate(member.user_id).expect(200)
    login(world.api, member.email, member.password).expect(401, "invalid_credentials")
    provider.request("DELETE", f"/Users/{member.user_id}").expect(204)


def test_rule_190_a_leaver_is_out_whatever_their_new_address(world: World, provider: Provider) -> None:
    for address in (world.other.owner.email, provider.create()["userName"]):
        member = world.person()
        left = provider.put(member.user_id, json=provider.user(userName=address, active=False)).expect(200).object()
        assert (left["active"], left["userName"]) == (False, member.email)


def test_rule_190_a_removed_domain_admits_nobody_more(world: World) -> None:
    owner = new_account(world)
    provider = new_provider(world, owner)
    made = provider.create()
    world.api.delete(f"/account/domains/{provider.domain}", bearer=owner.access).expect(204)
    create(provider, provider.address()).expect(400, "invalidValue")
    assert provider.deactivate(made["id"]).expect(200).object()["active"] is False


@contextmanager
def filled(world: World, account: str, *, left: int) -> Iterator[None]:
    """An account with so many places left."""
    database = world.server.database
    people = count(database, f"SELECT count(*) FROM users WHERE account_id = '{account}'")
    execute(
        database,
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {LIMIT - people - left}) "
        "INSERT INTO users (account_id, id, email, email_key, role, password_hash, disabled, epoch, created_at) "
        f"SELECT '{account}', 'filled-' || i || '-{account[-12:]}', i || '@{account[-12:]}.filled.test', "
        f"i || '@{account[-12:]}.filled.test', 'VIEWER', '', true, 0, 0 FROM n",
    )
    try:
        yield
    finally:
        execute(database, f"DELETE FROM users WHERE account_id = '{account}' AND id LIKE 'filled-%'")


@pytest.fixture
def full(world: World) -> Iterator[tuple[Provider, Session]]:
    """(the provider, the Owner) of an account with one place left."""
    owner = new_account(world)
    with filled(world, world.api.get("/account", bearer=owner.access).expect(200).data()["id"], left=1):
        yield new_provider(world, owner), owner


def test_rule_191_single_sign_on_adds_nobody_to_a_full_account(
    sso_world: World, provider_files: tuple[OpenIdProvider, Path], browser: SsoVisitor
) -> None:
    email = address_of(DOMAIN)
    provider_files[0].reset()
    connect(sso_world, provider_files[0]).expect(200)
    provider_files[0].person = SignedInPerson(email, email, True, {})
    with filled(sso_world, sso_world.account.account_id, left=0):
        answer = browser.sign_on(email)
        assert answer.status_code == 403
        assert "reached its limit of people" in answer.text
    assert browser.sign_on(email).status_code == 303


def test_rule_191_an_account_has_a_bounded_number_of_people(world: World, full: tuple[Provider, Session]) -> None:
    """By whatever way they come; open invitations count for who is invited."""
    provider, owner = full
    _, token = invite(world.api, owner, "VIEWER")
    refused = world.api.post(
        "/account/users", bearer=owner.access, json={"email": new_email(), "role": "VIEWER"}
    ).expect(409, "conflict")
    assert "5,000 people" in refused.body.decode()
    made = provider.create()
    assert "5,000 people" in create(provider, provider.address()).expect(409, "scim").body.decode()
    password = world.vault.password()
    assert "5,000 people" in accept(world.api, token, password).expect(409, "conflict").body.decode()
    # Whoever is there stays manageable, and a place that becomes free is used.
    provider.request("DELETE", f"/Users/{made['id']}").expect(204)
    accept(world.api, token, password).expect(201)
    create(provider, provider.address()).expect(409, "scim")


def test_rule_191_creations_have_a_budget(fresh_world: Callable[..., World]) -> None:
    """Of the account, whatever its tokens and addresses; leavers are processed all the same."""
    world = fresh_world(**PROXIED | {"LINKXG_LIMIT_SCALE": "0.01"}, source=new_source())
    provider = new_provider(world)
    made = [provider.create() for _ in range(20)]
    refused = create(provider, provider.address()).expect(429, "scim")
    assert refused.header("retry-after")
    create(provider, new_email()).expect(429, "scim")
    assert provider.deactivate(made[0]["id"]).expect(200).object()["active"] is False


def test_rule_192_a_leaver_is_left_with_nothing(
    engine: str, fresh_server: Callable[..., Server], smtp_sink: SmtpSink
) -> None:
    """Sessions, sign-ins that have begun, password links and changes of the address end, even if they come back."""
    server = fresh_server(engine, LINKXG_SMTP_URL=smtp_sink.url)
    with mailing_world(server, smtp_sink) as mailing:
        world = mailing.world
        provider = new_provider(world)
        person = mailing.session().person
        session, app = person_with_totp(world.api, person)
        _, old_token, new_token = mailing.tokens(session)
        half, link = first_step(world.api, person), link_for(world, person)
        provider.deactivate(person.user_id).expect(200)
        provider.patch(person.user_id, {"op": "replace", "path": "active", "value": True}).expect(200)
        me(world.api, session.access).expect(401, "invalid_token")
        refresh(world.api, session.refresh).expect(401, "invalid_token")
        second_step(world.api, half, app.code()).expect(401, "invalid_token")
        complete(world.api, link, world.vault.password()).expect(404, "not_found")
        for token in (old_token, new_token):
            mailing.answer(token).expect(404, "not_found")
