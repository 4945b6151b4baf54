"""Concurrent creation of the same thing. Promise R18, security rule 86."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from uuid import uuid4

from harness.clients import ALL_SCOPES, OAuthClient, request_token
from harness.concurrency import ask_concurrently, concurrently
from harness.people import accept, invite, login, me
from harness.rows import count
from harness.world import World
from races.conftest import ClientsFactory

CALLERS = 32
MAX_SESSIONS = 20


def test_r18_one_idempotency_key_makes_one_client(arena: World, new_clients: ClientsFactory) -> None:
    wanted, key = {"client_name": "Made once", "scope": ALL_SCOPES}, {"Idempotency-Key": "made once"}
    answers = ask_concurrently(
        new_clients(CALLERS),
        lambda client: client.post("/oauth/clients", bearer=arena.owner.access, json=wanted, headers=key, repeats=True),
    )
    bodies: list[dict[str, Any]] = [answer.expect(201).object() for answer in answers]
    assert len({json.dumps(body, sort_keys=True) for body in bodies}) == 1
    body = bodies[0]
    oauth = OAuthClient(body["client_id"], body["client_secret"], ALL_SCOPES, body["secrets"][0]["id"])
    arena.vault.remember("client secret", oauth.client_secret)
    request_token(arena.api, oauth).expect(200)
    assert count(arena.server.database, "SELECT count(*) FROM oauth_clients WHERE name = 'Made once'") == 1
    query = f"SELECT count(*) FROM audit_events WHERE action = 'client.created' AND target = '{oauth.client_id}'"
    assert count(arena.server.database, query) == 1


def test_one_resource_makes_one_resource_server(arena: World, new_clients: ClientsFactory) -> None:
    resource = f"https://{uuid4().hex}.example"
    wanted = {"client_name": "Orders", "resource": resource}
    answers = ask_concurrently(
        new_clients(CALLERS),
        lambda client: client.post("/oauth/clients", bearer=arena.owner.access, json=wanted, reveals=True),
    )
    for answer in answers:
        answer.expect_one_of((201, None), (409, "conflict"))
    assert [answer.status for answer in answers].count(201) == 1
    assert count(arena.server.database, f"SELECT count(*) FROM oauth_clients WHERE resource = '{resource}'") == 1


def test_one_invitation_makes_one_person(arena: World, new_clients: ClientsFactory) -> None:
    email, token = invite(arena.api, arena.owner, "MEMBER")
    callers = new_clients(16)
    passwords = [arena.vault.password() for _ in callers]
    answers = concurrently(
        [partial(accept, client, token, password) for client, password in zip(callers, passwords, strict=True)]
    )
    for answer in answers:
        answer.expect_one_of((201, None), (404, "not_found"))
    won = [password for password, answer in zip(passwords, answers, strict=True) if answer.status == 201]
    assert len(won) == 1
    assert count(arena.server.database, f"SELECT count(*) FROM users WHERE email = '{email}'") == 1
    login(arena.api, email, won[0]).expect(200)


def test_two_invitations_of_one_address_make_one_person(arena: World, new_clients: ClientsFactory) -> None:
    email, first = invite(arena.api, arena.owner, "VIEWER")
    _, second = invite(arena.api, arena.owner, "MEMBER", email)
    password = arena.vault.password()
    answers = concurrently(
        [partial(accept, client, (first, second)[number % 2], password) for number, client in enumerate(new_clients(8))]
    )
    won = [answer for answer in answers if answer.status == 201]
    assert [answer.data()["role"] for answer in won] == ["MEMBER"], answers
    assert count(arena.server.database, f"SELECT count(*) FROM users WHERE email = '{email}'") == 1


def test_rule_86_many_sign_ins_leave_at_most_twenty_sessions(arena: World, new_clients: ClientsFactory) -> None:
    person = arena.person()
    callers = new_clients(CALLERS)
    answers = ask_concurrently(callers, lambda client: login(client, person.email, person.password))
    tokens = [str(answer.expect(200).data()["accessToken"]) for answer in answers]
    sql = f"SELECT count(*) FROM sessions WHERE user_id = '{person.user_id}'"
    assert count(arena.server.database, sql) == CALLERS
    assert count(arena.server.database, f"{sql} AND ended_at IS NULL") == MAX_SESSIONS
    last = str(login(callers[0], person.email, person.password).expect(200).data()["accessToken"])
    assert len(callers[0].get("/auth/sessions", bearer=last).expect(200).data()) == MAX_SESSIONS
    alive = [token for token in tokens if me(callers[0], token).status == 200]
    assert len(alive) == MAX_SESSIONS - 1
