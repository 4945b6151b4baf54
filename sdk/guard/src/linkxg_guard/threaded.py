"""The guard for synchronous code: an event loop in a thread of its own follows the feed."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as FutureTimeout

from linkxg_guard.authorization import SenderConstrained, read_bearer
from linkxg_guard.errors import TemporarilyUnavailable
from linkxg_guard.guard import Guard, Unknown, require_scopes
from linkxg_guard.principal import Principal
from linkxg_guard.sender import PresentedRequest
from linkxg_guard.settings import GuardSettings

_ANSWER_S = 15.0


class ThreadedGuard:
    """May be called from any thread. Each process has a thread of its own, also after a fork."""

    def __init__(self, settings: GuardSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._pid = 0
        self._guard: Guard | None = None
        os.register_at_fork(after_in_child=self._forget)

    def authenticate(
        self,
        authorization: bytes | None,
        source: str | None,
        scopes: Iterable[str] = (),
        request: Callable[[], PresentedRequest] | None = None,
    ) -> Principal:
        """The caller with this Authorization header, from this address, who has all of these scopes.

        Without `request`, tokens that are bound to a key or a certificate are invalid.
        Raises GuardError: MissingToken, InvalidRequest, InvalidToken, InvalidDpopProof, InsufficientScope or
        TemporarilyUnavailable.
        """
        guard = self._running()
        try:
            caller = guard.judge(read_bearer(authorization), source)
        except (Unknown, TemporarilyUnavailable, SenderConstrained):
            # Unknown, or bound, or the feed has not been heard yet.
            asking = guard.authenticate(authorization, source, scopes, request)
            asked = asyncio.run_coroutine_threadsafe(asking, self._loop)
            try:
                return asked.result(_ANSWER_S)
            except FutureTimeout:
                asked.cancel()
                raise TemporarilyUnavailable("no answer in time") from None
        require_scopes(caller, scopes)
        return caller

    def recheck(self, caller: Principal, source: str | None) -> None:
        """Judge a caller again, after a while. Raises InvalidToken or TemporarilyUnavailable."""
        self._running().recheck(caller, source)

    @property
    def is_ready(self) -> bool:
        """Whether requests can be judged now; for a readiness probe. Begins to follow the feed."""
        return self._running().is_ready

    def close(self) -> None:
        """Stop the thread."""
        with self._lock:
            if self._guard is not None and self._pid == os.getpid():
                asyncio.run_coroutine_threadsafe(self._guard.stop(), self._loop).result(_ANSWER_S)
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join(_ANSWER_S)
            self._guard = None

    def _running(self) -> Guard:
        guard = self._guard
        if guard is not None and self._pid == os.getpid():
            return guard
        with self._lock:
            if self._guard is None or self._pid != os.getpid():
                self._start()
            assert self._guard is not None
            return self._guard

    def _start(self) -> None:
        guard, started = Guard(self.settings), threading.Event()
        self._loop = asyncio.new_event_loop()

        async def start() -> None:
            guard.start()
            started.set()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            task = self._loop.create_task(start())
            self._loop.run_forever()
            del task
            self._loop.close()

        self._thread = threading.Thread(target=run, name="linkxg-guard", daemon=True)
        self._thread.start()
        started.wait(_ANSWER_S)
        self._guard, self._pid = guard, os.getpid()

    def _forget(self) -> None:
        # The parent's thread does not exist here, and another of its threads may have held the lock.
        self._lock = threading.Lock()
        self._guard = None
