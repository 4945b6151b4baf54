"""Counts the use of clients, secrets and scopes, and their rejected requests.

Counted in memory and written by a background task, oldest first, in small batches with pauses between them. A batch
that cannot be written is kept for the next time and logged; it never fails a token request.
"""

import asyncio
import contextlib
import time
from collections import Counter, deque
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from linkxg.clients.counts import store
from linkxg.clients.counts.model import CALLS, REFUSED, TOKENS, Count
from linkxg.clients.model import KnownClient, KnownSecret
from linkxg.clients.refused.model import Refused
from linkxg.clients.refused.store import insert_refused
from linkxg.clock import DAY, now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.ids import uuid7
from linkxg.tokens.model import Principal
from linkxg.web.exchange import Exchange
from linkxg.web.logs import log
from linkxg.web.source import source_key

FLUSH_SECONDS = 2.0
BATCH = 100
"""Counts written at once: so few that a request which comes at that moment does not notice."""
SHARE = 0.05
"""Of the time that the database spends on it, so that counts of very many clients take the longer, not the more."""
MOST, LONGEST_MS = 40_000, 30_000
"""How many counts may wait, and how long: the nearer to either, the shorter the pauses."""
MAX_REFUSED = 2_000
MAX_REFUSED_OF_CLIENT = 50

_Key = str | tuple[str, str | None]


class Usage:
    """Counters of one worker; bounded by what its clients did since it was last written.

    Of refused requests the newest are kept, a bounded number in all and per client: a flood of them costs no memory.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # By (secret, source key) for tokens, (client, scope) for calls, and the client's id for refusals.
        self._counts: dict[_Key, Count] = {}
        # Of days that are over, and what could not be written.
        self._waiting: deque[Count] = deque()
        self._refused: deque[Refused] = deque(maxlen=MAX_REFUSED)
        self._noted: Counter[str] = Counter()
        self._today = 0
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def token(self, client: KnownClient, secret: KnownSecret, source: str) -> None:
        """A token was issued."""
        self._count((secret.id, source_key(source)), client.id, TOKENS, secret.id).source = source

    def call(self, principal: Principal, scope: str | None = None) -> None:
        """An API call was let through, which needed `scope`."""
        if principal.kind == "client":
            self._count((principal.id, scope), principal.id, CALLS, scope)

    def refused(self, account_id: str, client_id: str, exchange: Exchange, error: PublicError) -> None:
        """A token request or an API call of an existing client was refused."""
        now = self._count(client_id, client_id, REFUSED, None).last
        if error.cause is None or self._noted[client_id] >= MAX_REFUSED_OF_CLIENT:
            return
        self._noted[client_id] += 1
        endpoint = f"{exchange.method} {exchange.route}"[:100]
        told = (exchange.request_id, exchange.source, endpoint, error.cause.value, error.concerns[:64])
        self._refused.append(Refused(account_id, uuid7(), now, client_id, *told))

    def refused_call(self, principal: Principal, exchange: Exchange, error: PublicError) -> None:
        """An API call with a genuine token was refused."""
        if principal.kind == "client":
            self.refused(principal.account_id, principal.id, exchange, error)

    def start(self) -> None:
        self._task = asyncio.create_task(self._write_forever(), name="usage")

    async def stop(self) -> None:
        """Write what was counted."""
        self._ending.set()
        if self._task is not None:
            await self._task
        while self._counts or self._waiting or self._refused:
            if not await self._write_batch():
                return

    def _count(self, key: _Key, client_id: str, kind: str, detail: str | None) -> Count:
        now = now_ms()
        if now // DAY != self._today:
            # One number for all that are counted today.
            self._today = now // DAY
        count = self._counts.get(key)
        if count is None or count.day != self._today:
            if count is not None:
                self._waiting.append(count)
            count = self._counts[key] = Count(client_id, kind, detail, self._today, 0, now, now)
        count.times += 1
        count.last = now
        return count

    async def _write_forever(self) -> None:
        while not self._ending.is_set():
            await self._pause(FLUSH_SECONDS)
            self._noted.clear()
            await self._write_what_is_there()

    async def _write_what_is_there(self) -> None:
        """What had been counted when this began; until the end is asked for."""
        left = len(self._counts) + len(self._waiting) + len(self._refused)
        while left > 0 and not self._ending.is_set():
            began = time.monotonic()
            if not await self._write_batch():
                return
            left -= BATCH
            if left > 0 and (calm := self._calm()) > 0:
                await self._pause((time.monotonic() - began) * (1 / SHARE - 1) * calm)

    def _calm(self) -> float:
        """How far from its bounds what waits is: 1 is far, 0 is there."""
        waits = next((now_ms() - count.first for count in self._counts.values()), 0)
        return 1 - max((len(self._counts) + len(self._waiting)) / MOST, waits / LONGEST_MS)

    async def _write_batch(self) -> bool:
        """Write the oldest counts; False if they could not be written and wait for the next time."""
        counts = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        counts += [self._counts.pop(key) for key in list(islice(self._counts, BATCH - len(counts)))]
        refused = [self._refused.popleft() for _ in range(min(BATCH, len(self._refused)))]
        try:
            await self._database.write(_write, counts, refused)
        except PublicError as error:
            log.warning("usage.flush_failed", reason=error.reason)
            self._waiting.extendleft(reversed(counts))
            room = MAX_REFUSED - len(self._refused)
            self._refused.extendleft(refused[: -room - 1 : -1])
            return False
        return True

    async def _pause(self, seconds: float) -> None:
        """Until then, or until the end is asked for."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)


class UncountedUsage(Usage):
    """For tokens that the console requests to test a credential: they are no use of it, but a refusal is recorded."""

    def __init__(self, database: Database, usage: Usage) -> None:
        super().__init__(database)
        self._usage = usage

    def token(self, client: KnownClient, secret: KnownSecret, source: str) -> None:
        """Nothing is counted."""

    def refused(self, account_id: str, client_id: str, exchange: Exchange, error: PublicError) -> None:
        """Recorded with those of the worker, which are written."""
        self._usage.refused(account_id, client_id, exchange, error)


def _write(conn: Connection, counts: list[Count], refused: list[Refused]) -> None:
    days: dict[tuple[str, int], dict[str, Any]] = {}
    seen: dict[str, int] = {}
    for count in counts:
        row = {"client": count.client_id, "day": count.day, TOKENS: 0, CALLS: 0, REFUSED: 0}
        days.setdefault((count.client_id, count.day), row)[count.kind] += count.times
        if count.kind != REFUSED:
            seen[count.client_id] = max(count.last, seen.get(count.client_id, 0))
    tokens = [
        {
            "secret": c.detail,
            "count": c.times,
            "first": c.first,
            "at": c.last,
            "from": c.source,
            "key": source_key(c.source),
        }
        for c in counts
        if c.kind == TOKENS
    ]
    tokens.sort(key=itemgetter("secret", "key"))
    scopes = [
        {"client": c.client_id, "scope": c.detail, "uses": c.times, "last_used_at": c.last}
        for c in counts
        if c.kind == CALLS and c.detail is not None
    ]
    # Sorted, so that two workers that write at once lock rows in the same order.
    store.add_usage(conn, [row for _, row in sorted(days.items(), key=itemgetter(0))])
    store.touch_clients(conn, [{"client": client, "at": at} for client, at in sorted(seen.items())])
    store.touch_secrets(conn, tokens)
    store.add_sources(conn, tokens)
    store.add_scope_usage(conn, sorted(scopes, key=itemgetter("client", "scope")))
    if refused:
        insert_refused(conn, refused)
