"""Budgets of people, clients and access tokens; what is one source; names in mails. Security rules 105 to 112."""

from __future__ import annotations

import http.client
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from attacks.conftest import PROXIED, new_source
from attacks.test_limits import limited_answer
from conftest import ServerFactory, checked_for_leaks
from harness.answers import Answer
from harness.client import forwarded
from harness.clients import get_token, make_client
from harness.people import Person, Session, login, new_email, sign_in
from harness.raw_http import request_bytes
from harness.smtp_sink import SmtpSink
from harness.vault import with_a_typo
from harness.world import World, build_world
from products.catalogue import create, path
from scim.provider import end_tokens, new_provider

SCALE = 0.04
CALLS, INVITATIONS, ROTATIONS, CEILING = (int(SCALE * budget) for budget in (12_000, 200, 300, 100))


@pytest.fixture(scope="module")
def scaled(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A server with a twenty-fifth of each budget."""
    settings = PROXIED | {"LINKXG_LIMIT_SCALE": str(SCALE)}
    yield from checked_for_leaks(build_world(new_server(engine, **settings), new_source()))


def sign_in_elsewhere(world: World, person: Person) -> Session:
    """A session of this person, begun where nobody else signs in."""
    with world.server.client(new_source()) as client:
        return sign_in(client, person)


def test_an_access_token_has_a_budget_of_calls(scaled: World) -> None:
    """Both where the edge answers and where the router does; another token of the same person goes on."""
    product = path(create(scaled))
    person = scaled.account.owner
    spent, other = sign_in_elsewhere(scaled, person), sign_in_elsewhere(scaled, person)
    for number in range(CALLS):
        scaled.api.get("/auth/me" if number % 2 else product, bearer=spent.access).expect(200)
    for target in (product, "/auth/me"):
        assert 1 <= limited_answer(scaled.api.get(target, bearer=spent.access)) <= 61
        scaled.api.get(target, bearer=other.access).expect(200)


def test_a_request_is_one_call_however_many_chunks_it_has(scaled: World) -> None:
    """An upload in more chunks than a token has calls is one call, and so is every request with a body."""
    token = sign_in_elsewhere(scaled, scaled.account.owner).access
    names = [
        *forwarded(new_source()),
        ("Authorization", f"Bearer {token}"),
        ("Content-Type", "text/csv"),
        ("Transfer-Encoding", "chunked"),
    ]
    head = request_bytes(scaled.api, "POST", "/api/v1/imports?dryRun=true", names, content_length=False)
    lines = [b"sku,name\n", *(b"C-%d,Bolt\n" % number for number in range(2 * CALLS))]
    with socket.create_connection(scaled.api.address, timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head)
        for line in lines:
            connection.sendall(b"%x\r\n%b\r\n" % (len(line), line))
        connection.sendall(b"0\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 202, response.read()
    body = {"identifiers": [{"type": "gtin", "value": "4006381333931"}]}
    for _ in range(CALLS - 1):
        scaled.api.post("/identifiers/validate", bearer=token, json=body).expect(200)
    limited_answer(scaled.api.post("/identifiers/validate", bearer=token, json=body))


def test_a_person_has_a_budget_of_invitations(scaled: World) -> None:
    body = {"email": "", "role": "VIEWER"}
    owner, other = sign_in_elsewhere(scaled, scaled.account.owner), sign_in_elsewhere(scaled, scaled.other.owner)

    def invite() -> Answer:
        return scaled.api.post("/account/users", bearer=owner.access, json=body | {"email": new_email()}, reveals=True)

    for _ in range(INVITATIONS):
        if invite().status == 429:
            break
    limited_answer(invite())
    # Others of the server have their own.
    scaled.api.post("/account/users", bearer=other.access, json=body | {"email": new_email()},
                    reveals=True).expect(201)  # fmt: skip


def test_a_client_that_rotates_without_end_takes_nothing_from_its_owner(scaled: World) -> None:
    owner = sign_in_elsewhere(scaled, scaled.other.owner)
    oauth = make_client(scaled.api, owner, "products:read")
    token = get_token(scaled.api, oauth)
    target = f"/oauth/clients/{oauth.client_id}/rotate"
    for _ in range(ROTATIONS):
        # By a secret that it has replaced, a client rotates no more.
        secret = scaled.api.post(target, bearer=token, json={}, reveals=True).expect(200).object()["client_secret"]
        token = get_token(scaled.api, replace(oauth, client_secret=secret))
    limited_answer(scaled.api.post(target, bearer=token, json={}))
    scaled.api.post(target, bearer=owner.access, json={}, reveals=True).expect(200)


def test_rule_109_scim_failures_of_a_source_lock_no_valid_token_out(scaled: World) -> None:
    """A provider serves many companies from one address; one of them has revoked its token."""
    with scaled.server.client(new_source()) as shared:
        provider = replace(new_provider(scaled), api=shared)
        for _ in range(CEILING):
            provider.get("/Users", bearer=with_a_typo(provider.token)).expect(401, "scim")
        for _ in range(2):
            refused = provider.get("/Users", bearer=with_a_typo(provider.token)).expect(429, "scim")
            assert refused.header("retry-after") is not None
            provider.get("/Users").expect(200)
    end_tokens(scaled)


def test_rule_108_a_known_ipv6_source_is_its_64_prefix(scaled: World) -> None:
    """Privacy extensions (RFC 8981) change the address every day; the /64 is the customer's."""
    person = scaled.other.owner
    with scaled.server.client("2001:db8:5:1::a") as home:
        login(home, person.email, person.password).expect(200)
    for number in range(CEILING + 2):
        with scaled.server.client(f"2001:db8:{0x100 + number:x}::1") as attacker:
            login(attacker, person.email, scaled.vault.password())
    with scaled.server.client("2001:db8:6:1::a") as stranger:
        limited_answer(login(stranger, person.email, person.password))
    with scaled.server.client("2001:db8:5:1:ffff::b") as home:
        login(home, person.email, person.password).expect(200)


@pytest.mark.parametrize("name", ["Acme\r\nBcc: x@example.test", "Acme\n", "Ac\x1bme", "Acme\u2028", "", " ",
                                  "a" * 201])  # fmt: skip
def test_the_name_of_an_account_is_one_line(fresh_server: ServerFactory, name: str) -> None:
    server = fresh_server()
    arguments = ["bootstrap", "--data-dir", str(server.data_dir), "--account", name,
                 "--owner-email", "owner@example.test", "--password-stdin"]  # fmt: skip
    done = server.try_command(*arguments, stdin=server.vault.password().encode() + b"\n")
    assert done.returncode == 1
    assert b"one line of 1 to 200 characters" in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


def test_a_name_stored_before_it_was_checked_breaks_no_mail(
    fresh_world: Callable[..., World], smtp_sink: SmtpSink
) -> None:
    world = fresh_world("sqlite", LINKXG_SMTP_URL=smtp_sink.url)
    owner = world.owner
    with closing(sqlite3.connect(world.server.database.path, isolation_level=None)) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE accounts SET name = 'Acme' || char(13, 10) || 'Bcc: spy@example.test'")
    email = new_email()
    body = {"email": email, "role": "VIEWER"}
    answer = world.api.post("/account/users", bearer=owner.access, json=body).expect(201)
    assert answer.data()["mailed"] is True
    mail = smtp_sink.wait_for(email)
    assert mail.recipients == (email,)
    assert mail.parsed()["bcc"] is None
    assert mail.parsed()["subject"] == "Join Acme Bcc: spy@example. test on LinkXG"
