"""SCIM against itself, sign-ins and revocations of its token (security rules 174 and 175)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from harness.answers import Answer
from harness.concurrency import PersistentClient, concurrently
from harness.people import login, me, session_of
from harness.rows import count
from harness.world import World
from races.conftest import ClientsFactory
from scim.provider import Provider, end_tokens, new_provider


@pytest.fixture
def provider(arena: World) -> Iterator[Provider]:
    yield new_provider(arena)
    end_tokens(arena)


def providers(provider: Provider, clients: ClientsFactory, number: int) -> list[Provider]:
    """The same identity provider on as many connections, which different workers serve."""
    return [Provider(client, provider.token_id, provider.token, provider.domain) for client in clients(number)]


def test_one_username_is_created_once(arena: World, provider: Provider, new_clients: ClientsFactory) -> None:
    body = provider.user(userName=provider.address())
    many = providers(provider, new_clients, 16)
    answers = concurrently([partial(one.request, "POST", "/Users", json=body) for one in many])
    for answer in answers:
        answer.expect_one_of((201, None), (409, "uniqueness"))
    assert [answer.status for answer in answers].count(201) == 1
    query = f"SELECT count(*) FROM users WHERE email = '{body['userName']}'"
    assert count(arena.server.database, query) == 1


def test_two_people_do_not_get_one_username(provider: Provider, new_clients: ClientsFactory) -> None:
    made = [provider.create()["id"] for _ in range(8)]
    rename = {"op": "replace", "path": "userName", "value": provider.address()}
    many = providers(provider, new_clients, 8)
    answers = concurrently([partial(one.patch, user_id, rename) for one, user_id in zip(many, made, strict=True)])
    for answer in answers:
        answer.expect_one_of((200, None), (409, "uniqueness"))
    assert [answer.status for answer in answers].count(200) == 1


def test_nobody_stays_signed_in_who_is_deactivated_meanwhile(
    arena: World, provider: Provider, new_clients: ClientsFactory
) -> None:
    """Each sign-in either fails, or its session has ended."""
    for _ in range(3):
        person = arena.person()
        clients = new_clients(6)
        calls: list[Callable[[], Answer]] = [
            partial(login, client, person.email, person.password) for client in clients
        ]
        calls.insert(3, partial(provider.deactivate, person.user_id))
        answers = concurrently(calls)
        answers.pop(3).expect(200)
        for answer in answers:
            answer.expect_one_of((200, None), (401, "invalid_credentials"))
            if answer.status == 200:
                session = session_of(person, answer)
                for client in clients:
                    me(client, session.access).expect(401, "invalid_token")
        login(arena.api, person.email, person.password).expect(401, "invalid_credentials")


def test_a_revoked_token_is_refused_by_every_worker(
    arena: World, provider: Provider, new_clients: ClientsFactory
) -> None:
    many = providers(provider, new_clients, 8)
    for one in many:
        one.get("/Users?count=1").expect(200)
    arena.api.delete(f"/account/scim-tokens/{provider.token_id}", bearer=arena.owner.access).expect(204)
    for one in many:
        one.get("/Users?count=1").expect(401, "scim")


def test_of_three_tokens_created_at_once_two_are_made(arena: World, new_clients: ClientsFactory) -> None:
    end_tokens(arena)

    def create(client: PersistentClient) -> Answer:
        answer = client.post("/account/scim-tokens", bearer=arena.owner.access, json={"name": "x"}, reveals=True)
        if answer.status == 201:
            arena.vault.remember("SCIM token", answer.data()["token"])
        return answer.expect_one_of((201, None), (409, "conflict"))

    answers = concurrently([partial(create, client) for client in new_clients(6)])
    assert sorted(answer.status for answer in answers) == [201, 201, 409, 409, 409, 409]
    end_tokens(arena)
