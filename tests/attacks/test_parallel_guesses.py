"""Parallel guesses are limited like sequential ones. Security rules 107, 109 and L7."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import NamedTuple

import httpx
import pytest

from attacks.conftest import PROXIED, further_attempts, new_source
from conftest import ServerFactory, checked_for_leaks
from harness.client import forwarded
from harness.clients import OAuthClient, request_token
from harness.concurrency import concurrently
from harness.databases import Database, PostgresDatabase, SqliteDatabase
from harness.password_hashes import FULL_COST
from harness.people import Person, login, new_email, sign_in
from harness.redis import KeyValueServer
from harness.rows import count
from harness.world import World, build_world

AT_ONCE = 58
FREE_PASSWORDS = 5
FREE_SECRETS = 10
Guess = Callable[[str], int]
"""Sends one password, and answers the status."""


@pytest.fixture(scope="module")
def two_workers(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """Two workers behind a proxy with the budgets as they ship."""
    yield from checked_for_leaks(build_world(new_server(engine, workers=2, **PROXIED, **FULL_COST), new_source()))


class PasswordRoute(NamedTuple):
    """A way to guess a password; `wrong` is the status of a wrong one."""

    wrong: int
    open: Callable[[World, Person, str], Guess]


class Browser:
    """Forms of the console, sent as through the proxy; the cookies are marked for TLS, so they are kept by hand."""

    def __init__(self, world: World, source: str) -> None:
        self._headers = [*forwarded(source), ("Sec-Fetch-Site", "same-origin")]
        self._world = world
        self.cookies: dict[str, str] = {}
        self.fields: dict[str, str] = {}

    def see(self, path: str) -> None:
        answer = self._request("GET", path)
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text)
        assert found is not None, answer.text
        self.fields = {"csrf": found[1]}
        self._keep(answer)

    def send(self, path: str, **fields: str) -> int:
        answer = self._request("POST", path, self.fields | fields)
        self._keep(answer)
        return answer.status_code

    def _request(self, method: str, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        # Building a trust store takes longer than a request, and no TLS is spoken here.
        return httpx.request(
            method,
            self._world.server.url + path,
            data=fields,
            headers=[*self._headers, ("Cookie", cookie)],
            timeout=30.0,
            trust_env=False,
            verify=False,
        )

    def _keep(self, answer: httpx.Response) -> None:
        for header in answer.headers.get_list("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = self._world.vault.remember("console cookie", value) if len(value) > 2 else ""


def _login(world: World, person: Person, source: str) -> Guess:
    def guess(password: str) -> int:
        with world.server.client(source) as client:
            return login(client, person.email, password).status

    return guess


def _change_password(world: World, person: Person, source: str) -> Guess:
    session = sign_in(world.api, person)

    def guess(password: str) -> int:
        body = {"currentPassword": password, "newPassword": "kestrel opens no battery"}
        with world.server.client(source) as client:
            return client.post("/auth/password", bearer=session.access, json=body).status

    return guess


def _console_sign_in(world: World, person: Person, source: str) -> Guess:
    browser = Browser(world, source)
    browser.see("/sign-in")
    return lambda password: browser.send("/sign-in", email=person.email, password=password)


def _console_password(world: World, person: Person, source: str) -> Guess:
    browser = _signed_in(world, person)
    browser.see("/account/password")
    return lambda password: browser.send(
        "/account/password", current_password=password, new_password="kestrel opens no battery"
    )


def _console_confirm(world: World, person: Person, source: str) -> Guess:
    browser = _signed_in(world, person)
    browser.see("/account/password")
    forget_proof(world.server.database, person)
    return lambda password: browser.send("/account/members", email=new_email(), confirm_password=password)


def forget_proof(database: Database, person: Person) -> None:
    """Let the person's password be asked for again."""
    sql = f"UPDATE sessions SET authenticated_at = 0 WHERE user_id = '{person.user_id}' AND kind = 'console'"
    if isinstance(database, PostgresDatabase):
        database.cluster.query(database.url, sql)
        return
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, timeout=10, isolation_level=None)) as connection:
        connection.execute(sql)


def _signed_in(world: World, person: Person) -> Browser:
    browser = Browser(world, new_source())
    browser.see("/sign-in")
    assert browser.send("/sign-in", email=person.email, password=person.password) == 303
    return browser


PASSWORD_ROUTES = {
    "login": PasswordRoute(401, _login),
    "change password": PasswordRoute(401, _change_password),
    "console sign-in": PasswordRoute(401, _console_sign_in),
    "console password": PasswordRoute(422, _console_password),
    "console confirm": PasswordRoute(403, _console_confirm),
}


@pytest.mark.parametrize("name", [*PASSWORD_ROUTES])
def test_parallel_password_guesses_are_limited_like_sequential_ones(two_workers: World, name: str) -> None:
    world, route = two_workers, PASSWORD_ROUTES[name]
    person = world.person("OWNER")
    guess = route.open(world, person, new_source())
    began = time.monotonic()
    statuses = concurrently(partial(guess, f"not the password {number}") for number in range(AT_ONCE))
    allowed = FREE_PASSWORDS + further_attempts(time.monotonic() - began)
    failed = f"SELECT count(*) FROM audit_events WHERE action = 'login.failed' AND target = '{person.user_id}'"
    tried = count(world.server.database, failed)
    assert 0 < tried <= allowed, f"{tried} of {AT_ONCE} passwords were checked"
    if name == "console confirm":
        # The page that asks again says that one has to wait.
        assert set(statuses) == {403}
    else:
        assert set(statuses) == {route.wrong, 429}, statuses
        assert statuses.count(route.wrong) <= allowed, statuses
    # Security rule 108: the person themselves, elsewhere, is not locked out.
    with world.server.client(new_source()) as home:
        login(home, person.email, person.password).expect(200)


def test_a_correct_password_refunds_its_attempt(two_workers: World) -> None:
    person, source = two_workers.person("VIEWER"), new_source()
    guess = _login(two_workers, person, source)
    for _ in range(2):
        for number in range(FREE_PASSWORDS - 1):
            assert guess(f"not the password {number}") == 401
        assert guess(two_workers.vault.remember("password", person.password)) == 200


def _guess_secrets(world: World, source: str, client_id: str) -> list[int]:
    secrets = [world.vault.invent("mistyped client secret", prefix="lxgsec_", length=49) for _ in range(AT_ONCE)]

    def guess(number: int) -> int:
        with world.server.client(source) as client:
            return request_token(client, OAuthClient(client_id, secrets[number], "", "")).status

    return concurrently(partial(guess, number) for number in range(AT_ONCE))


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_parallel_secret_guesses_are_limited_like_sequential_ones(limited: World, known: bool) -> None:
    oauth = limited.new_client("products:read")
    source = new_source()
    statuses = _guess_secrets(limited, source, oauth.client_id if known else "lxgcli_" + "Y" * 20)
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= FREE_SECRETS, statuses
    with limited.server.client(new_source()) as customer:
        request_token(customer, oauth).expect(200)


def test_shared_limits_count_parallel_guesses(
    fresh_world: Callable[..., World], key_value_server: KeyValueServer
) -> None:
    settings = PROXIED | {"LINKXG_LIMITS_URL": key_value_server.url}
    world = fresh_world(workers=2, source=new_source(), **settings)
    oauth, source = world.oauth, new_source()
    statuses = _guess_secrets(world, source, oauth.client_id)
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= FREE_SECRETS, statuses
    with world.server.client(new_source()) as customer:
        assert concurrently([lambda: request_token(customer, oauth).status] * 20) == [200] * 20
