"""Sends mails in the background: neither their time nor their failure shows in an answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from linkxg.errors import PublicError
from linkxg.http.logs import log
from linkxg.identity.accounts.mail import Mailer

MAX_WAITING, AT_ONCE = 1_000, 4
STOP_S, CANCEL_S = 5.0, 1.0
"""How long a stop waits for mails: what is stopped after them must not be killed because of a mail server."""


class Mail(NamedTuple):
    to: str
    subject: str
    text: str


class MailQueue:
    """The mails of one worker. Few are sent at once; beyond MAX_WAITING the newest are dropped, and logged."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._stopping = False

    @property
    def enabled(self) -> bool:
        return self._mailer.enabled

    def send(self, compose: Callable[[], Awaitable[Iterable[Mail]]]) -> None:
        """Send what `compose` returns, when it is its turn: it may read the recipients from the database then."""
        if not self.enabled:
            return
        if self._stopping or len(self._tasks) >= MAX_WAITING:
            log.warning("notice.failed", reason="the worker stops" if self._stopping else "too many mails are waiting")
            return
        task = asyncio.create_task(self._send(compose))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Send what is waiting, for at most STOP_S seconds; the rest is lost, and logged."""
        self._stopping = True
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=STOP_S)
        if left:
            log.error("mail.lost", mails=len(left))
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=CANCEL_S)

    async def _send(self, compose: Callable[[], Awaitable[Iterable[Mail]]]) -> None:
        async with self._slots:
            try:
                for mail in await compose():
                    await self._mailer.send(*mail)
            except PublicError as error:
                log.warning("notice.failed", reason=error.reason)
            except Exception as fault:  # noqa: BLE001  a mail that cannot be composed fails alone
                log.error("notice.failed", fault=type(fault).__name__)
