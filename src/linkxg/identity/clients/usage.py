"""Records the use of clients, secrets and scopes, and rejected requests.

Counted in memory and written by a background task, oldest first, in small batches with pauses between them. A batch
that cannot be written is retried; it never fails a token request.
"""

import time
from collections import Counter, deque
from itertools import islice
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg.clock import DAY, now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.http.client_ip import source_key
from linkxg.http.logs import log
from linkxg.http.request_context import RequestContext
from linkxg.identity.clients import usage_store
from linkxg.identity.clients.model import CachedClient
from linkxg.identity.clients.rejections.model import Rejection
from linkxg.identity.clients.rejections.store import insert_rejections
from linkxg.identity.tokens.model import Principal
from linkxg.ids import uuid7
from linkxg.runtime.background import BackgroundTask

FLUSH_SECONDS = 2.0
BATCH = 100
"""Counts per transaction: few enough not to delay a concurrent request."""
WRITE_SHARE = 0.05
"""Share of time spent writing: counts of very many clients take longer instead of more of the database."""
MAX_PENDING, MAX_AGE_MS = 40_000, 30_000
"""The closer the pending counts are to either bound, the shorter the pauses."""
MAX_COUNTS = 2 * MAX_PENDING
"""Beyond that, uses with another secret, address or scope are not counted, and the log says how many."""
STOP_S, STOP_FAULTS = 10.0, 20
"""Time to write the rest at shutdown, and the number of faults after which it is abandoned."""
MAX_REJECTIONS = 2_000
MAX_REJECTIONS_PER_CLIENT = 50
TOKENS, CALLS, REFUSED = "tokens", "calls", "refused"


class Count(msgspec.Struct, gc=False):
    """How often a client did one thing on one day (since the epoch); `first` and `last` in milliseconds.

    `kind` is a column of `client_usage`. `detail` is the id of the secret that a token was issued for, or the scope
    that a call needed.
    """

    client_id: str
    kind: str
    detail: str | None
    day: int
    times: int
    first: int
    last: int
    source: str = ""


class UsageRecorder:
    """Counters of one worker since its last flush, and the newest rejected requests: bounded in all and per client."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # By (secret, source key) for tokens, (client, scope) for calls, and the client's id for rejections.
        self._counts: dict[str | tuple[str, str | None], Count] = {}
        # Of past days, and those that could not be written.
        self._pending: deque[Count] = deque()
        self._rejections: deque[Rejection] = deque(maxlen=MAX_REJECTIONS)
        self._rejections_of: Counter[str] = Counter()
        self._today = 0
        self._uncounted = 0
        self._batch = BATCH
        self.task = BackgroundTask("usage", self._flush, every_s=FLUSH_SECONDS)

    def record_token(self, client: CachedClient, credential_id: str, source: str) -> None:
        """A token by this credential; of assertions the last use is noted when they are used up."""
        self._count((credential_id, source_key(source)), client.id, TOKENS, credential_id).source = source

    def record_call(self, principal: Principal, scope: str | None = None) -> None:
        """An authorised API call, which needed `scope`."""
        if principal.kind == "client":
            self._count((principal.id, scope), principal.id, CALLS, scope)

    def record_rejection(self, account_id: str, client_id: str, context: RequestContext, error: PublicError) -> None:
        """A rejected token request or API call of an existing client."""
        now = self._count(client_id, client_id, REFUSED, None).last
        if error.cause is None or self._rejections_of[client_id] >= MAX_REJECTIONS_PER_CLIENT:
            return
        self._rejections_of[client_id] += 1
        self._rejections.append(
            Rejection(
                account_id,
                uuid7(),
                now,
                client_id,
                request_id=context.request_id,
                source=context.source,
                endpoint=f"{context.method} {context.route}"[:100],
                cause=error.cause.value,
                concerns=error.concerns[:64],
            )
        )

    def record_rejected_call(self, principal: Principal, context: RequestContext, error: PublicError) -> None:
        """A rejected API call with a token of this server."""
        if principal.kind == "client":
            self.record_rejection(principal.account_id, principal.id, context, error)

    async def stop(self) -> None:
        """Write what was counted, unless the database is unreachable."""
        # Cancelled in the middle of a write, a batch would be counted twice or not at all.
        await self.task.stop(grace_s=STOP_S)
        until, faults = time.monotonic() + STOP_S, 0
        while left := len(self._counts) + len(self._pending) + len(self._rejections):
            try:
                await self._write_batch()
            except Exception as fault:  # noqa: BLE001  a bad row must not block the others
                faults += STOP_FAULTS if isinstance(fault, PublicError) else 1
            if faults >= STOP_FAULTS or time.monotonic() > until:
                log.error("usage.lost", counts=left)
                return

    def _count(self, key: str | tuple[str, str | None], client_id: str, kind: str, detail: str | None) -> Count:
        now = now_ms()
        if now // DAY != self._today:
            # One int object shared by all of today's counts.
            self._today = now // DAY
        count = self._counts.get(key)
        if count is None or count.day != self._today:
            if count is not None:
                self._pending.append(self._counts.pop(key))
            count = Count(client_id, kind, detail, self._today, 0, now, now)
            if len(self._counts) + len(self._pending) < MAX_COUNTS:
                self._counts[key] = count
            else:
                self._uncounted += 1
        count.times += 1
        count.last = now
        return count

    async def _flush(self) -> None:
        """Write what had been counted when this began, or until the task is to stop."""
        self._rejections_of.clear()
        if self._uncounted:
            log.error("usage.uncounted", uses=self._uncounted)
            self._uncounted = 0
        left = len(self._counts) + len(self._pending) + len(self._rejections)
        while left > 0 and not self.task.stopping.is_set():
            began = time.monotonic()
            left -= await self._write_batch()
            if left > 0 and (headroom := self._headroom()) > 0:
                await self.task.pause((time.monotonic() - began) * (1 / WRITE_SHARE - 1) * headroom)

    def _headroom(self) -> float:
        """1 with nothing pending, 0 or less at MAX_PENDING or MAX_AGE_MS."""
        age = next((now_ms() - count.first for count in self._counts.values()), 0)
        return 1 - max((len(self._counts) + len(self._pending)) / MAX_PENDING, age / MAX_AGE_MS)

    async def _write_batch(self) -> int:
        """Write the oldest counts and return how many. Raises the fault that prevents it; the counts are kept.

        If the database is reachable, a single row may be at fault: rows are then written one by one. A count that
        fails by itself goes to the end of the queue, a rejection is dropped: the others are written.
        """
        size = self._batch
        rejections = [self._rejections.popleft() for _ in range(min(size, len(self._rejections)))]
        room = size if size > 1 or not rejections else 0
        counts = [self._pending.popleft() for _ in range(min(room, len(self._pending)))]
        counts += [self._counts.pop(key) for key in list(islice(self._counts, room - len(counts)))]
        try:
            await self._database.write(_write, counts, rejections)
        except Exception as fault:
            is_reachable = not isinstance(fault, PublicError)
            if is_reachable and size == 1:
                self._counts.update({uuid7(): count for count in counts})
                raise
            self._batch = 1 if is_reachable else size
            self._pending.extendleft(reversed(counts))
            free = MAX_REJECTIONS - len(self._rejections)
            self._rejections.extendleft(rejections[: -free - 1 : -1])
            raise
        self._batch = min(2 * size, BATCH)
        return len(counts) + len(rejections)


class RejectionRecorder(UsageRecorder):
    """For tokens that the console requests to test a credential: not counted as use, but rejections are recorded."""

    def __init__(self, database: Database, recorder: UsageRecorder) -> None:
        super().__init__(database)
        self._recorder = recorder

    def record_token(self, client: CachedClient, credential_id: str, source: str) -> None:
        """Nothing is counted."""

    def record_rejection(self, account_id: str, client_id: str, context: RequestContext, error: PublicError) -> None:
        """Recorded by the worker's recorder, which has a background task."""
        self._recorder.record_rejection(account_id, client_id, context, error)


def _write(conn: Connection, counts: list[Count], rejections: list[Rejection]) -> None:
    days: dict[tuple[str, int], dict[str, Any]] = {}
    last_used: dict[str, int] = {}
    for count in counts:
        row = {"client": count.client_id, "day": count.day, TOKENS: 0, CALLS: 0, REFUSED: 0}
        days.setdefault((count.client_id, count.day), row)[count.kind] += count.times
        if count.kind != REFUSED:
            last_used[count.client_id] = max(count.last, last_used.get(count.client_id, 0))
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
        if c.kind == TOKENS and c.detail is not None
    ]
    tokens.sort(key=itemgetter("secret", "key"))
    scopes = [
        {"client": c.client_id, "scope": c.detail, "uses": c.times, "last_used_at": c.last}
        for c in counts
        if c.kind == CALLS and c.detail is not None
    ]
    # Sorted, so that concurrent workers lock rows in the same order.
    usage_store.add_usage(conn, [row for _, row in sorted(days.items(), key=itemgetter(0))])
    usage_store.touch_clients(conn, [{"client": client, "at": at} for client, at in sorted(last_used.items())])
    usage_store.touch_secrets(conn, tokens)
    usage_store.touch_certificates(conn, tokens)
    usage_store.add_sources(conn, tokens)
    usage_store.add_scope_usage(conn, sorted(scopes, key=itemgetter("client", "scope")))
    if rejections:
        insert_rejections(conn, rejections)
