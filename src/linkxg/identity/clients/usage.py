"""Counts the use of clients, secrets and scopes, and their rejected requests.

Counted in memory and written by a background task, oldest first, in small batches with pauses between them. A batch
that cannot be written is kept for the next time; it never fails a token request.
"""

import time
from collections import Counter, deque
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from linkxg.clock import DAY, now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.http.client_ip import source_key
from linkxg.http.logs import log
from linkxg.http.request_context import RequestContext
from linkxg.identity.clients.model import KnownClient, KnownSecret
from linkxg.identity.clients.rejections.model import Rejection
from linkxg.identity.clients.rejections.store import insert_rejections
from linkxg.identity.clients.usage_counts import store
from linkxg.identity.clients.usage_counts.model import CALLS, REFUSED, TOKENS, Count
from linkxg.identity.tokens.model import Principal
from linkxg.ids import uuid7
from linkxg.runtime.background import BackgroundTask

FLUSH_SECONDS = 2.0
BATCH = 100
"""Counts written at once: so few that a request which comes at that moment does not notice."""
SHARE = 0.05
"""Of the time that the database spends on it, so that counts of very many clients take the longer, not the more."""
MOST, LONGEST_MS = 40_000, 30_000
"""How many counts may wait, and how long: the nearer to either, the shorter the pauses."""
MAX_COUNTS = 2 * MOST
"""Beyond that, uses with another secret, address or scope are not counted, and the log says how many."""
STOP_S, STOP_FAULTS = 10.0, 20
"""How long a worker that stops writes what is left, and after how many faults it gives up."""
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
        self._refused: deque[Rejection] = deque(maxlen=MAX_REFUSED)
        self._noted: Counter[str] = Counter()
        self._today = 0
        self._uncounted = 0
        self._batch = BATCH
        self.task = BackgroundTask("usage", self._write_what_is_there, every_s=FLUSH_SECONDS)

    def token(self, client: KnownClient, secret: KnownSecret, source: str) -> None:
        """A token was issued."""
        self._count((secret.id, source_key(source)), client.id, TOKENS, secret.id).source = source

    def call(self, principal: Principal, scope: str | None = None) -> None:
        """An API call was let through, which needed `scope`."""
        if principal.kind == "client":
            self._count((principal.id, scope), principal.id, CALLS, scope)

    def refused(self, account_id: str, client_id: str, context: RequestContext, error: PublicError) -> None:
        """A token request or an API call of an existing client was refused."""
        now = self._count(client_id, client_id, REFUSED, None).last
        if error.cause is None or self._noted[client_id] >= MAX_REFUSED_OF_CLIENT:
            return
        self._noted[client_id] += 1
        endpoint = f"{context.method} {context.route}"[:100]
        told = (context.request_id, context.source, endpoint, error.cause.value, error.concerns[:64])
        self._refused.append(Rejection(account_id, uuid7(), now, client_id, *told))

    def refused_call(self, principal: Principal, context: RequestContext, error: PublicError) -> None:
        """An API call with a genuine token was refused."""
        if principal.kind == "client":
            self.refused(principal.account_id, principal.id, context, error)

    async def stop(self) -> None:
        """Write what was counted, unless the database is out of reach."""
        # A batch that is being written would be counted twice, or not at all, if it were cut off.
        await self.task.stop(grace_s=STOP_S)
        until, faults = time.monotonic() + STOP_S, 0
        while left := len(self._counts) + len(self._waiting) + len(self._refused):
            try:
                await self._write_batch()
            except Exception as fault:  # noqa: BLE001  one that cannot be written must not keep the others
                faults += STOP_FAULTS if isinstance(fault, PublicError) else 1
            if faults >= STOP_FAULTS or time.monotonic() > until:
                log.error("usage.lost", counts=left)
                return

    def _count(self, key: _Key, client_id: str, kind: str, detail: str | None) -> Count:
        now = now_ms()
        if now // DAY != self._today:
            # One number for all that are counted today.
            self._today = now // DAY
        count = self._counts.get(key)
        if count is None or count.day != self._today:
            if count is not None:
                self._waiting.append(self._counts.pop(key))
            count = Count(client_id, kind, detail, self._today, 0, now, now)
            if len(self._counts) + len(self._waiting) < MAX_COUNTS:
                self._counts[key] = count
            else:
                self._uncounted += 1
        count.times += 1
        count.last = now
        return count

    async def _write_what_is_there(self) -> None:
        """What had been counted when this began; until the end is asked for."""
        self._noted.clear()
        if self._uncounted:
            log.error("usage.uncounted", uses=self._uncounted)
            self._uncounted = 0
        left = len(self._counts) + len(self._waiting) + len(self._refused)
        while left > 0 and not self.task.stopping.is_set():
            began = time.monotonic()
            left -= await self._write_batch()
            if left > 0 and (calm := self._reset()) > 0:
                await self.task.pause((time.monotonic() - began) * (1 / SHARE - 1) * calm)

    def _reset(self) -> float:
        """How far from its bounds what waits is: 1 is far, 0 is there."""
        waits = next((now_ms() - count.first for count in self._counts.values()), 0)
        return 1 - max((len(self._counts) + len(self._waiting)) / MOST, waits / LONGEST_MS)

    async def _write_batch(self) -> int:
        """Write the oldest counts; how many. Raises what prevents it, and keeps them for the next time.

        If the database is within reach, the fault may lie in a single row: then one is written by itself. If that
        fails, a count goes to the end of the queue and a refused request is dropped: the others are written.
        """
        size = self._batch
        refused = [self._refused.popleft() for _ in range(min(size, len(self._refused)))]
        room = size if size > 1 or not refused else 0
        counts = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
        counts += [self._counts.pop(key) for key in list(islice(self._counts, room - len(counts)))]
        try:
            await self._database.write(_write, counts, refused)
        except Exception as fault:
            is_reached = not isinstance(fault, PublicError)
            if is_reached and size == 1:
                self._counts.update({uuid7(): count for count in counts})
                raise
            self._batch = 1 if is_reached else size
            self._waiting.extendleft(reversed(counts))
            free = MAX_REFUSED - len(self._refused)
            self._refused.extendleft(refused[: -free - 1 : -1])
            raise
        self._batch = min(2 * size, BATCH)
        return len(counts) + len(refused)


class UncountedUsage(Usage):
    """For tokens that the console requests to test a credential: they are no use of it, but a refusal is recorded."""

    def __init__(self, database: Database, usage: Usage) -> None:
        super().__init__(database)
        self._usage = usage

    def token(self, client: KnownClient, secret: KnownSecret, source: str) -> None:
        """Nothing is counted."""

    def refused(self, account_id: str, client_id: str, context: RequestContext, error: PublicError) -> None:
        """Recorded with those of the worker, which are written."""
        self._usage.refused(account_id, client_id, context, error)


def _write(conn: Connection, counts: list[Count], refused: list[Rejection]) -> None:
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
        insert_rejections(conn, refused)
