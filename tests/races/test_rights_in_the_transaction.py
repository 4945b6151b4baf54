"""The transaction that writes authorises its caller itself (security rule L1; ASVS 8.3.2)."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import asyncpg
import pytest

from harness.clients import get_token
from harness.concurrency import Load, PersistentClient
from harness.databases import PostgresDatabase
from harness.held_request import HeldRequest
from harness.rows import execute, trail
from harness.world import World
from races.conftest import SEVERAL_WORKERS, ClientsFactory
from races.test_revoked_callers import CLIENTS, MACHINES, PEOPLE, WRITES, written
from races.things import Things, uploading
from races.writing_routes import READS, request_for

RUNS_ON = SEVERAL_WORKERS
NOW = int(time.time() * 1000)
OF_PEOPLE = {
    "epoch": "UPDATE users SET epoch = epoch + 1 WHERE id = '{id}'",
    "disabled": "UPDATE users SET disabled = true WHERE id = '{id}'",
    "role": "UPDATE users SET role = 'VIEWER' WHERE id = '{id}'",
    "session": "UPDATE sessions SET ended_at = 1 WHERE user_id = '{id}'",
}
# A row that stands before those that every worker has read already.
_TOKEN_REVOKED = (
    "INSERT INTO changes (seq, kind, subject, epoch, at, txid) "
    f"SELECT min(seq) - 1000, 'token', '{{jti}}', 0, {NOW}, 0 FROM changes"
)
OF_CLIENTS = {
    "epoch": "UPDATE oauth_clients SET epoch = epoch + 1 WHERE id = '{id}'",
    "disabled": "UPDATE oauth_clients SET disabled = true WHERE id = '{id}'",
    "token": _TOKEN_REVOKED,
    "deleted": "DELETE FROM oauth_clients WHERE id = '{id}'",
}


def refused(world: World, name: str, request: Callable[[], HeldRequest]) -> None:
    with request() as sent:
        status, _, text = sent.finish()
    assert status == 401, (name, status, text)
    assert '"invalid_token"' in text, (name, text)


@pytest.mark.parametrize("state", OF_PEOPLE)
def test_no_route_writes_for_a_person_whose_rights_have_ended(arena: World, things: Things, state: str) -> None:
    session = arena.session("OWNER")
    with uploading(arena, session.access) as upload:
        here = replace(things, upload=upload)
        execute(arena.server.database, OF_PEOPLE[state].format(id=session.person.user_id))
        arena.api.get("/products", bearer=session.access).expect(200)
        before = written(arena)
        for name in sorted(WRITES.keys() - READS):
            request = request_for(name, arena, here, session.access, session.person)
            refused(arena, name, partial(HeldRequest, arena.server.url, request))
        assert written(arena) == before


@pytest.mark.parametrize("state", OF_CLIENTS)
def test_no_route_writes_for_a_client_whose_rights_have_ended(arena: World, things: Things, state: str) -> None:
    oauth = arena.new_client()
    token = get_token(arena.api, oauth)
    with uploading(arena, token) as upload:
        here = replace(things, upload=upload, client=oauth)
        before = written(arena)
        execute(arena.server.database, OF_CLIENTS[state].format(id=oauth.client_id, jti=_jti(token)))
        if state == "deleted":
            before = written(arena)
        arena.api.get("/products", bearer=token).expect(200)
        for name in sorted({*MACHINES} - READS):
            request = request_for(name, arena, here, token, None)
            refused(arena, name, partial(HeldRequest, arena.server.url, request))
        assert written(arena) == before


def _jti(token: str) -> str:
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"])


@pytest.mark.parametrize("way", [way for way in PEOPLE if way != "signed out"])
def test_the_trail_holds_no_action_after_the_rights_of_its_actor_ended(
    arena: World, new_clients: ClientsFactory, way: str
) -> None:
    """Events of an account are numbered in the order in which they were committed."""
    session = arena.session("OWNER")
    person = session.person.user_id

    def act(client: PersistentClient) -> None:
        body = {"sku": f"R-{time.perf_counter_ns()}-{id(client)}", "content": {"name": "Bolt"}}
        client.post("/products", bearer=session.access, json=body).expect_one_of((201, None), (401, "invalid_token"))

    with Load([partial(act, client) for client in new_clients(6)]) as load:
        load.wait_for_everybody(3)
        PEOPLE[way](arena, session)
        load.wait_for_everybody()
    events = trail(arena.server.database, arena.account.account_id)
    ended = next(n for n, row in enumerate(events) if row.target == person and row.action in (
        "user.role_changed", "user.disabled", "user.removed"
    ))  # fmt: skip
    assert any(row.actor == person for row in events[:ended])
    assert [row for row in events[ended:] if row.actor == person] == []


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.mark.parametrize("way", [*PEOPLE, *CLIENTS])
def test_writes_and_revocations_are_serialized(arena: World, way: str) -> None:
    """Each is held up in its transaction, at the head of the trail, when the other one comes."""
    database = arena.server.database
    if not isinstance(database, PostgresDatabase):
        pytest.skip("SQLite runs one transaction after another")
    for first in ("revocation", "write"):
        if way in PEOPLE:
            session = arena.session("OWNER")
            bearer, cut = session.access, partial(PEOPLE[way], arena, session)
        else:
            oauth = arena.new_client()
            bearer = get_token(arena.api, oauth)
            cut = partial(CLIENTS[way], arena, oauth, bearer)
        body = {"sku": f"W-{time.perf_counter_ns()}", "content": {"name": "Bolt"}}
        write = partial(_status_of_write, arena, bearer, body)
        calls: dict[str, Callable[[], object]] = {"revocation": cut, "write": write}
        second = "write" if first == "revocation" else "revocation"
        answers = asyncio.run(_serialized(arena, calls[first], calls[second]))
        assert answers[first == "revocation"] == (401 if first == "revocation" else 201), (way, first)


def _status_of_write(world: World, bearer: str, body: object) -> int:
    with world.server.client() as client:
        return client.post("/products", bearer=bearer, json=body).status


async def _serialized(world: World, first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What both answer when the second comes while the first is in its transaction."""
    loop = asyncio.get_running_loop()
    connection = await asyncpg.connect(world.server.database.url)
    try:
        with ThreadPoolExecutor(2) as pool:
            async with connection.transaction():
                head = f"SELECT 1 FROM audit_heads WHERE account_id = '{world.account.account_id}' FOR UPDATE"
                await connection.execute(head)
                answers = []
                for waiting, call in enumerate((first, second), start=1):
                    answers.append(loop.run_in_executor(pool, call))
                    deadline = time.monotonic() + 10
                    while await connection.fetchval(WAITING) < waiting:
                        assert time.monotonic() < deadline
                        await asyncio.sleep(0.01)
            return [await answer for answer in answers]
    finally:
        await connection.close()
