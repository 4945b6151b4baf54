"""Delivers the events of subscriptions: at each moment one worker of all nodes for one subscription.

A subscription is leased in its row. The delivery is stored before it is first sent, and the position moves in the
transaction that records the receiver's 2xx: whoever goes on after a dead worker sends the same delivery again, under
the same id. Captures say whose events are new; a sweep finds what a dead node has left, and what is due by the clock.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.database import ReadTooLong
from linkxg.errors import PublicError
from linkxg.http.client_ip import Network
from linkxg.http.logs import log
from linkxg.ids import uuid7
from linkxg.network.epcis.query.bounded_query import read_bounded_query
from linkxg.network.epcis.subscriptions import delivery_store, record_delivery
from linkxg.network.epcis.subscriptions.model import Delivery, Lease
from linkxg.network.epcis.subscriptions.prepare_delivery import WINDOW, Prepared, document_of, prepare_delivery
from linkxg.network.epcis.subscriptions.receivers import Receivers
from linkxg.network.epcis.subscriptions.send_test_delivery import IN_ALL as TESTS
from linkxg.network.epcis.subscriptions.send_test_delivery import RESERVED as RESERVED_TESTS
from linkxg.network.epcis.subscriptions.send_test_delivery import UNREADABLE
from linkxg.network.epcis.subscriptions.signature import sign
from linkxg.runtime.background import BackgroundTask
from linkxg.runtime.concurrency_limit import ConcurrencyLimit
from linkxg.runtime.frames import frames_of

SWEEP_S = 5.0
SMALLEST_WINDOW = 50
STEPS = 50
"""Deliveries of one subscription before others have their turn."""
MAX_DUE = 1_000
PER_ACCOUNT, IN_ALL, RESERVED = 4, 32, 96
"""Deliveries of one worker at the same time; the reserve is for accounts that have none in progress."""
STOP_S = 5.0
_TOO_SLOW = "The query takes too long."
_FAULT = "The delivery could not be made; the server's log has the reason."


class SubscriptionDeliverer:
    """`private` are networks that are not public, and may be connected to.

    `on_stopped` is called with the account and the id of a subscription that has failed or is paused.
    """

    def __init__(self, database: Database, server_key: bytes, dns_server: str, private: Sequence[Network]) -> None:
        self.on_stopped: Callable[[str, str], None] = lambda account_id, id: None
        self._database, self._server_key = database, server_key
        # Test deliveries have connections of their own: none waits for another.
        self.receivers = Receivers(dns_server, private, most=IN_ALL + RESERVED + TESTS + RESERVED_TESTS)
        self._limit = ConcurrencyLimit(PER_ACCOUNT, IN_ALL, reserve=RESERVED)
        self._running: dict[tuple[str, str], asyncio.Task[bool]] = {}
        self._accounts: set[str] = set()
        self._swept_at = float("-inf")
        self.task = BackgroundTask("subscriptions", self._run_due, every_s=SWEEP_S)

    def wake(self, account_id: str) -> None:
        """Deliver soon: the account has new events, or a subscription of it has changed."""
        self._accounts.add(account_id)
        self.task.wake()

    async def stop(self) -> None:
        """Let deliveries in progress finish for a moment; the others are sent again by whoever goes on."""
        self.task.stopping.set()
        await self.task.stop()
        if running := list(self._running.values()):
            await asyncio.wait(running, timeout=STOP_S)
            for one in running:
                one.cancel()
            await asyncio.wait(running)
        await self.receivers.close()

    async def _run_due(self) -> None:
        accounts, self._accounts = self._accounts, set()
        is_sweep = time.monotonic() - self._swept_at >= SWEEP_S or len(accounts) > MAX_DUE
        if not is_sweep and not accounts:
            return
        now = now_ms()
        due = await self._database.read_single(
            delivery_store.list_due, accounts=None if is_sweep else accounts, now=now, limit=MAX_DUE
        )
        if is_sweep:
            self._swept_at = time.monotonic()
        for account_id, id in due:
            if (account_id, id) not in self._running and not self.task.stopping.is_set():
                self._begin(account_id, id)

    def _begin(self, account_id: str, id: str) -> None:
        held = ExitStack()
        if not held.enter_context(self._limit.slot(account_id)):
            # Looked for again when one of those in progress ends.
            self._accounts.add(account_id)
            held.close()
            return
        key = account_id, id
        task = asyncio.create_task(self._deliver(Lease(account_id, id, uuid7())), name="subscription")
        self._running[key] = task

        def ended(task: asyncio.Task[bool]) -> None:
            del self._running[key]
            held.close()
            # After a fault the sweep looks again: not at once, and so not again and again.
            if not task.cancelled() and task.result():
                self.wake(account_id)

        task.add_done_callback(ended)

    async def _deliver(self, lease: Lease) -> bool:
        """Deliver what is due of one subscription; false if the database is unavailable."""
        try:
            now = now_ms()
            until = now + record_delivery.LEASE_MS
            if not await self._database.write(delivery_store.claim, lease.account_id, lease, now=now, until=until):
                return True
            is_held = True
            try:
                for _ in range(STEPS):
                    if self.task.stopping.is_set():
                        break
                    is_held = await self._deliver_next(lease)
                    if not is_held:
                        break
            finally:
                if is_held:
                    await self._database.write(record_delivery.release, lease)
        except PublicError as error:
            log.warning("subscription.interrupted", subscription_id=lease.id, reason=error.reason)
            return False
        return True

    async def _deliver_next(self, lease: Lease) -> bool:
        """Whether there may be more to deliver at once; otherwise the lease has ended."""
        prepared: Prepared | None = None
        try:
            prepared = await self._prepare(lease)
            if prepared is None:
                return False
            row, delivery = prepared.row, prepared.delivery
            if delivery is None:
                more = prepared.has_more
                done = await self._database.write(
                    record_delivery.record_nothing, lease, row, prepared.end, has_more=more
                )
                return more and done
            return await self._attempt(lease, prepared, delivery)
        except PublicError:
            raise
        except Exception as fault:  # noqa: BLE001  the fault of one subscription must not end the others
            log.error("subscription.failed", subscription_id=lease.id, frames=frames_of(fault))
            await self._record_fault(lease, _FAULT)
            return False

    async def _prepare(self, lease: Lease) -> Prepared | None:
        window = WINDOW
        while True:
            try:
                return await read_bounded_query(
                    self._database, lease.account_id, prepare_delivery, lease, window=window
                )
            except ReadTooLong:
                if window <= SMALLEST_WINDOW:
                    await self._record_fault(lease, _TOO_SLOW)
                    return None
                window //= 10

    async def _record_fault(self, lease: Lease, error: str) -> None:
        """A fault before the attempt, or of the program itself, counts as an attempt."""

        def unit(conn: Connection) -> bool:
            row = record_delivery.find_held(conn, lease)
            if row is None:
                return False
            return record_delivery.record_failure(conn, lease, row, None, error, row.attempts + 1)

        self._notify(lease, has_stopped=await self._database.write(unit))

    def _notify(self, lease: Lease, *, has_stopped: bool) -> None:
        if has_stopped:
            self.on_stopped(lease.account_id, lease.id)

    async def _attempt(self, lease: Lease, prepared: Prepared, delivery: Delivery) -> bool:
        row, database = prepared.row, self._database
        body = await asyncio.to_thread(document_of, prepared, delivery)
        attempt, has_stopped = await database.write(record_delivery.begin_attempt, lease, row, delivery)
        if attempt is None:
            self._notify(lease, has_stopped=has_stopped)
            return False
        signature = sign(self._server_key, row.id, row.sealed_secret, body)
        if signature is None:
            has_stopped = await database.write(record_delivery.record_gone, lease, row, UNREADABLE, attempt)
            self._notify(lease, has_stopped=has_stopped)
            return False
        status, error, _ = await self.receivers.post(row.dest, body, signature, delivery.id)
        log.info("subscription.attempt", subscription_id=row.id, delivery_id=delivery.id, attempt=attempt, code=status)
        if error is None:
            done = await database.write(record_delivery.record_success, lease, row, delivery)
            return done and not delivery.is_last
        if status == 413 and delivery.events > 1:
            return await database.write(record_delivery.record_too_large, lease, delivery)
        if status == 410:
            has_stopped = await database.write(record_delivery.record_gone, lease, row, error, attempt)
        else:
            has_stopped = await database.write(record_delivery.record_failure, lease, row, delivery.id, error, attempt)
        self._notify(lease, has_stopped=has_stopped)
        return False
