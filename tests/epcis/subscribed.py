"""Named queries with subscriptions, and what happens to them."""

from __future__ import annotations

import itertools
import time
from typing import Any

from epcis.captured import event, unique
from epcis.documents import CONTEXT
from harness.answers import Answer
from harness.hostile_receiver import HostileReceiver
from harness.rows import execute, wait_for_count
from harness.webhook_receiver import WebhookReceiver
from harness.world import World

SECRET = "f3a9d1c07b5e4826-not-a-guess"
_NUMBERS = itertools.count(1)
WAIT_S = 60


class Subscribed:
    """A subscription of a query of its own, which finds the events of `epc`; `path` is its own at the receiver."""

    def __init__(
        self, world: World, receiver: WebhookReceiver | HostileReceiver, bearer: str | None = None, **changed: Any
    ) -> None:
        self.world, self.receiver = world, receiver
        self.bearer = bearer or world.owner.access
        number = next(_NUMBERS)
        self.epc, self.name = unique("watched"), f"watched-{number}-{time.time_ns()}"
        self.path = f"/hook-{number}"
        self.query = changed.pop("query", {"MATCH_epc": [self.epc]})
        make_query(world, self.name, self.query, self.bearer)
        self.body = {"dest": receiver.url + self.path, "signatureToken": SECRET, "stream": True} | changed
        self.body = {name: value for name, value in self.body.items() if value is not None}

    @property
    def all(self) -> str:
        return f"/epcis/queries/{self.name}/subscriptions"

    def post(self, **options: Any) -> Answer:
        return self.world.api.post(self.all, bearer=self.bearer, json=self.body, **options)

    def start(self) -> Subscribed:
        self.id = self.post().expect(201).object()["subscriptionID"]
        return self

    @property
    def address(self) -> str:
        return f"{self.all}/{self.id}"

    def read(self, bearer: str | None = None) -> dict[str, Any]:
        return self.world.api.get(self.address, bearer=bearer or self.world.owner.access).expect(200).object()

    def wait_for(self, **members: Any) -> dict[str, Any]:
        """The subscription, once these members are so."""
        deadline = time.monotonic() + WAIT_S
        while not members.items() <= (found := self.read()).items():
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def settle(self) -> None:
        """Wait until nothing is under way and everything is recorded."""
        settled = f"id = '{self.id}' and worker is null and delivery_id is null and attempts = 0"
        wait_for_count(self.world.server.database, f"select count(*) from epcis_subscriptions where {settled}", 1)

    def capture(self, count: int = 1, *, bearer: str | None = None, **changed: Any) -> list[str]:
        """Events that the query finds, one after the other through the API; their ids."""
        ids = []
        for _ in range(count):
            made = event(epcList=[self.epc], **changed)
            body = {"@context": [CONTEXT], **made}
            self.world.api.post("/epcis/events", bearer=bearer or self.world.owner.access, json=body).expect(201)
            ids.append(made["eventID"])
        return ids

    def set(self, values: str) -> None:
        """Change its row behind the program's back."""
        execute(self.world.server.database, f"update epcis_subscriptions set {values} where id = '{self.id}'")

    def hurry(self) -> None:
        """Make the next attempt due now, and end the lease of a dead node."""
        self.set("due_at = 0, lease_until = 0")

    def end(self) -> None:
        remove_query(self.world, self.name, self.bearer)


def make_query(world: World, name: str, query: dict[str, Any], bearer: str | None = None) -> None:
    body = {"name": name, "query": query}
    world.api.post("/epcis/queries", bearer=bearer or world.owner.access, json=body).expect(201)


def remove_query(world: World, name: str, bearer: str | None = None) -> None:
    world.api.delete(f"/epcis/queries/{name}", bearer=bearer or world.owner.access).expect(204)
