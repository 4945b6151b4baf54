"""Which clients, secrets and scopes are in use, how much, and what was refused them?

Counted in memory and written in batches by a background task. A flush that fails keeps its counts for the next
one and is logged; it never fails a token request.
"""

import asyncio
import contextlib
import time
from collections import Counter, deque
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.clients import store
from linkxg.clients.model import Client, Secret
from linkxg.clients.refused.model import Refused
from linkxg.clients.refused.store import insert_refused
from linkxg.clock import DAY, now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.ids import uuid7
from linkxg.tokens.model import Principal
from linkxg.web.exchange import Exchange
from linkxg.web.logs import log

FLUSH_SECONDS = 2.0
# Counts of many clients take long to write: they are written less often, and so take a twentieth of the time at most.
SHARE = 20
LONGEST_SECONDS = 15.0
BATCH = 500
TOKENS, CALLS, REFUSED = 0, 1, 2
MAX_REFUSED = 2_000
MAX_REFUSED_OF_CLIENT = 50


class _Use(NamedTuple):
    """Uses of a secret since the last flush; times in milliseconds."""

    uses: int
    first: int
    last: int
    source: str


class _Counted:
    """What one worker has counted since the last flush."""

    def __init__(self) -> None:
        self.days: dict[tuple[str, int], list[int]] = {}
        self.seen: dict[str, int] = {}
        self.secrets: dict[str, _Use] = {}
        self.scopes: dict[tuple[str, str], tuple[int, int]] = {}
        self.refused: deque[Refused] = deque(maxlen=MAX_REFUSED)

    def __bool__(self) -> bool:
        return bool(self.days or self.seen or self.secrets or self.scopes or self.refused)

    def take(self) -> "_Counted":
        """A batch, which is then no longer here."""
        batch = _Counted()
        batch.days, batch.seen, batch.secrets = _take(self.days), _take(self.seen), _take(self.secrets)
        batch.scopes = _take(self.scopes)
        while self.refused and len(batch.refused) < BATCH:
            batch.refused.append(self.refused.popleft())
        return batch

    def add_earlier(self, earlier: "_Counted") -> None:
        """Take back what could not be written."""
        for key, found in earlier.days.items():
            self.days[key] = [a + b for a, b in zip(found, self.days.get(key, [0, 0, 0]), strict=True)]
        self.seen = earlier.seen | self.seen
        for secret_id, use in earlier.secrets.items():
            newer = self.secrets.get(secret_id, use._replace(uses=0))
            self.secrets[secret_id] = newer._replace(uses=use.uses + newer.uses, first=use.first)
        for pair, (count, at) in earlier.scopes.items():
            later = self.scopes.get(pair, (0, at))
            self.scopes[pair] = (count + later[0], later[1])
        room = MAX_REFUSED - len(self.refused)
        self.refused.extendleft(list(earlier.refused)[: -room - 1 : -1])


class Usage:
    """Counters of one worker; bounded by the number of clients that were active since the last flush.

    Of refused requests the newest are kept, a bounded number in all and per client: a flood of them costs no memory.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted = _Counted()
        self._noted: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    def token(self, client: Client, secret: Secret, source: str) -> None:
        """A token was issued."""
        now = now_ms()
        self._count(client.id, now, TOKENS)
        self._counted.seen[client.id] = now
        use = self._counted.secrets.get(secret.id)
        self._counted.secrets[secret.id] = (
            _Use(use.uses + 1, use.first, now, source) if use else _Use(1, now, now, source)
        )

    def call(self, principal: Principal, scope: str | None = None) -> None:
        """An API call was let through, which needed `scope`."""
        if principal.kind == "client":
            now = now_ms()
            self._count(principal.id, now, CALLS)
            self._counted.seen[principal.id] = now
            if scope is not None:
                pair = (principal.id, scope)
                uses = self._counted.scopes.get(pair)
                self._counted.scopes[pair] = (uses[0] + 1 if uses else 1, now)

    def refused(self, account_id: str, client_id: str, exchange: Exchange, error: PublicError) -> None:
        """A token request or an API call of an existing client was refused."""
        now = now_ms()
        self._count(client_id, now, REFUSED)
        if error.cause is None or self._noted[client_id] >= MAX_REFUSED_OF_CLIENT:
            return
        self._noted[client_id] += 1
        endpoint = f"{exchange.method} {exchange.route}"[:100]
        told = (exchange.request_id, exchange.source, endpoint, error.cause.value, error.concerns[:64])
        self._counted.refused.append(Refused(account_id, uuid7(), now, client_id, *told))

    def refused_call(self, principal: Principal, exchange: Exchange, error: PublicError) -> None:
        """An API call with a genuine token was refused."""
        if principal.kind == "client":
            self.refused(principal.account_id, principal.id, exchange, error)

    def start(self) -> None:
        self._task = asyncio.create_task(self._flush_forever(), name="usage")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> None:
        """Write what was counted; on failure keep it."""
        counted, self._counted = self._counted, _Counted()
        self._noted.clear()
        while counted:
            batch = counted.take()
            try:
                await self._database.write(_write, batch)
            except PublicError as error:
                log.warning("usage.flush_failed", reason=error.reason)
                self._counted.add_earlier(counted)
                self._counted.add_earlier(batch)
                return

    def _count(self, client_id: str, now: int, column: int) -> None:
        key = (client_id, now // DAY)
        counts = self._counted.days.get(key)
        if counts is None:
            counts = self._counted.days[key] = [0, 0, 0]
        counts[column] += 1

    async def _flush_forever(self) -> None:
        pause = FLUSH_SECONDS
        while True:
            await asyncio.sleep(pause)
            started = time.monotonic()
            await self.flush()
            pause = min(max(FLUSH_SECONDS, SHARE * (time.monotonic() - started)), LONGEST_SECONDS)


def _take(counted: dict[Any, Any]) -> dict[Any, Any]:
    return {key: counted.pop(key) for key in list(counted)[:BATCH]}


def _write(conn: Connection, batch: _Counted) -> None:
    # Sorted, so that two workers that flush at once lock rows in the same order.
    if batch.days:
        rows: list[dict[str, Any]] = [
            {"client": client, "day": day, "tokens": c[TOKENS], "calls": c[CALLS], "refused": c[REFUSED]}
            for (client, day), c in sorted(batch.days.items())
        ]
        store.add_usage(conn, rows)
    if batch.seen:
        store.touch_clients(conn, [{"client": client, "at": at} for client, at in sorted(batch.seen.items())])
    if batch.secrets:
        rows = [
            {"secret": secret, "count": use.uses, "first": use.first, "at": use.last, "from": use.source}
            for secret, use in sorted(batch.secrets.items())
        ]
        store.touch_secrets(conn, rows)
    if batch.scopes:
        rows = [
            {"client": client, "scope": scope, "count": count, "at": at}
            for (client, scope), (count, at) in sorted(batch.scopes.items())
        ]
        store.add_scope_usage(conn, rows)
    if batch.refused:
        insert_refused(conn, batch.refused)
