"""Every reader of a feed gets every change once and in one order, while several workers write and others read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from harness.answers import JsonObject
from harness.concurrency import PersistentClient, concurrently
from harness.people import Session
from harness.rows import rows
from harness.world import World
from network.partners import new_partner
from network.shared_feed import CHANGES
from network.sharing import connection_of, post_share
from products.catalogue import complete, create, path
from races.conftest import SEVERAL_WORKERS, ClientsFactory

RUNS_ON = SEVERAL_WORKERS
WRITERS, PRODUCTS = 4, 3
LIMITS = (1, 7, 200)
PAGES = 1_000


def write(client: PersistentClient, world: World, connections: list[str], products: list[JsonObject]) -> None:
    """Publish each product, share it with everybody, and withdraw that again."""
    bearer = world.owner.access
    for product in products:
        client.post(f"{path(product)}/publish", bearer=bearer).expect(200)
        terms = {"type": "PRODUCT", "productId": product["id"]}
        for connection in connections:
            made = client.post(f"/connections/{connection}/shares", bearer=bearer, json=terms).expect(201).data()
            client.delete(f"/shares/{made['id']}", bearer=bearer).expect(204)


def follow(
    client: PersistentClient, viewer: Session, cursor: str, limit: int, over: threading.Event
) -> list[JsonObject]:
    """Everything after the cursor, until nothing came although the writers had ended; each page is read twice."""
    found: list[JsonObject] = []
    for _ in range(PAGES):
        had_ended = over.is_set()
        query = f"{CHANGES}?limit={limit}&cursor="
        page = client.get(f"{query}{cursor}&wait=1", bearer=viewer.access).expect(200).object()
        if not page["data"] and had_ended:
            return found
        found += page["data"]
        again = client.get(query + cursor, bearer=viewer.access).expect(200).object()["data"]
        assert again[: len(page["data"])] == page["data"]
        cursor = page["pagination"]["nextCursor"]
    raise AssertionError(f"more than {PAGES} pages")


def test_readers_of_every_worker_get_every_change_once_and_in_one_order(
    arena: World, new_clients: ClientsFactory
) -> None:
    partner, connected = new_partner(arena)
    viewers, connections = [arena.other_owner, partner], [connection_of(arena), connected["id"]]
    for connection in connections:
        post_share(arena, connection=connection).expect(201)
    begins = [
        arena.api.get(f"{CHANGES}?start=newest", bearer=viewer.access).object()["pagination"]["nextCursor"]
        for viewer in viewers
    ]
    clients = new_clients(WRITERS + len(viewers) * len(LIMITS))
    over, left = threading.Event(), [WRITERS]
    lock = threading.Lock()

    def write_and_say(client: PersistentClient, products: list[JsonObject]) -> list[JsonObject]:
        try:
            write(client, arena, connections, products)
        finally:
            with lock:
                left[0] -= 1
                if not left[0]:
                    over.set()
        return []

    calls: list[Callable[[], list[JsonObject]]] = [
        partial(write_and_say, clients.pop(), [create(arena, **complete()) for _ in range(PRODUCTS)])
        for _ in range(WRITERS)
    ]
    for viewer, begin in zip(viewers, begins, strict=True):
        calls += [partial(follow, clients.pop(), viewer, begin, limit, over) for limit in LIMITS]
    found = concurrently(calls)[WRITERS:]
    for number, account_id in enumerate((arena.other.account_id, _account_of(arena, partner))):
        first, *others = found[number * len(LIMITS) : (number + 1) * len(LIMITS)]
        assert all(other == first for other in others)
        seqs = [entry["seq"] for entry in first]
        assert seqs == list(range(seqs[0], seqs[0] + WRITERS * PRODUCTS * 3))
        head = rows(arena.server.database, f"select seq from feed_heads where account_id = '{account_id}'")
        assert head == [[str(seqs[-1])]]


def _account_of(world: World, session: Session) -> str:
    return str(world.api.get("/account", bearer=session.access).expect(200).data()["id"])
