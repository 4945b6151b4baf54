"""Every worker and every node hides at once what a partner no longer shares."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from harness.answers import Answer, JsonObject
from harness.concurrency import PersistentClient
from harness.databases import PostgresDatabase
from harness.people import Session
from harness.topologies import start_another_node
from harness.world import World
from network.partners import CONNECTIONS, new_partner
from network.shared_feed import CHANGES
from network.sharing import SHARED, share
from products.catalogue import published
from races.conftest import SEVERAL_WORKERS, ClientsFactory

RUNS_ON = SEVERAL_WORKERS
TRIALS, HELD_S, WAIT_S = 4, 0.4, 20

End = Callable[[PersistentClient, World, Session, JsonObject], Answer]


def withdraw(client: PersistentClient, world: World, viewer: Session, made: JsonObject) -> Answer:
    return client.delete(f"/shares/{made['id']}", bearer=world.owner.access)


def _revoke(client: PersistentClient, by: Session, made: JsonObject) -> Answer:
    return client.post(f"{CONNECTIONS}/{made['connectionId']}/revoke", bearer=by.access)


def revoke_as_owner(client: PersistentClient, world: World, viewer: Session, made: JsonObject) -> Answer:
    return _revoke(client, world.owner, made)


def revoke_as_viewer(client: PersistentClient, world: World, viewer: Session, made: JsonObject) -> Answer:
    return _revoke(client, viewer, made)


@pytest.fixture(scope="module")
def node(arena: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PersistentClient | None]:
    """A client of a second node, where the engine lets several nodes share a database."""
    if not isinstance(arena.server.database, PostgresDatabase):
        yield None
        return
    started = start_another_node(tmp_path_factory.mktemp("node"), arena.server, {})
    client = PersistentClient(started).connect()
    yield client
    client.close()
    started.close()


@pytest.fixture
def readers(new_clients: ClientsFactory, node: PersistentClient | None) -> list[PersistentClient]:
    """One for each worker, and one for the other node; the first of them also ends."""
    made = new_clients(2)
    assert len({client.worker for client in made}) == 2
    return [*made, node] if node else made


def statuses(client: PersistentClient, viewer: Session, product: JsonObject) -> list[int]:
    """What each read of a product answers; 404 for a list without it."""
    where = f"{SHARED}/{product['id']}"
    reads = [client.get(path, bearer=viewer.access).status for path in (where, f"{where}/versions/1")]
    # A product without visible versions is not found either.
    reads.append(client.get(f"{where}/versions", bearer=viewer.access).status)
    listed = client.get(f"{SHARED}?limit=200", bearer=viewer.access).expect(200).object()["data"]
    return [*reads, 200 if product["id"] in [one["id"] for one in listed] else 404]


@pytest.mark.parametrize("end", [withdraw, revoke_as_owner, revoke_as_viewer])
def test_every_worker_and_node_hides_what_another_ended(
    arena: World, readers: list[PersistentClient], end: End
) -> None:
    product = published(arena)
    viewer, connection = new_partner(arena)
    for number in range(TRIALS):
        if end is not withdraw and number:
            viewer, connection = new_partner(arena)
        made = share(arena, product, versions="ALL", connection=connection["id"])
        for reader in readers:
            assert statuses(reader, viewer, product) == [200] * 4
        end(readers[number % 2], arena, viewer, made).expect(204 if end is withdraw else 200)
        for reader in reversed(readers):
            assert statuses(reader, viewer, product) == [404] * 4


@pytest.mark.parametrize("end", [withdraw, revoke_as_owner])
def test_waiting_readers_of_every_worker_and_node_get_the_end(
    arena: World, readers: list[PersistentClient], new_clients: ClientsFactory, end: End
) -> None:
    viewer, connection = new_partner(arena)
    made = share(arena, published(arena), connection=connection["id"])
    begin = arena.api.get(f"{CHANGES}?start=newest", bearer=viewer.access).object()["pagination"]["nextCursor"]
    path = f"{CHANGES}?cursor={begin}&wait={WAIT_S}"
    (writer,) = new_clients(1)
    with ThreadPoolExecutor(len(readers)) as pool:
        began = time.monotonic()
        waiting = [pool.submit(partial(reader.get, path, bearer=viewer.access)) for reader in readers]
        time.sleep(HELD_S)
        assert not any(one.done() for one in waiting)
        end(writer, arena, viewer, made)
        answers = [one.result().expect(200).object()["data"] for one in waiting]
    assert time.monotonic() - began < WAIT_S / 2
    types = ["SHARE_REMOVED"] if end is withdraw else ["SHARE_REMOVED", "CONNECTION_REVOKED"]
    for found in answers:
        assert [entry["type"] for entry in found] == types
        assert found == answers[0]
