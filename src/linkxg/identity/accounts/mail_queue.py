"""Sends mails in the background: neither their time nor their failure shows in an answer."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from linkxg.errors import PublicError
from linkxg.http.logs import log
from linkxg.identity.accounts.mail import Mailer

MAX_WAITING, MAX_WAITING_OF_ACCOUNT, AT_ONCE = 1_000, 100, 4
STOP_S, CANCEL_S = 5.0, 1.0
"""How long a stop waits for mails: what is stopped after them must not be killed because of a mail server."""


class Mail(NamedTuple):
    to: str
    subject: str
    text: str


Compose = Callable[[], Awaitable[Iterable[Mail]]]
OnRefused = Callable[[], Awaitable[None]]


class MailQueue:
    """The mails of one worker, of which few are sent at once.

    Beyond MAX_WAITING, or MAX_WAITING_OF_ACCOUNT by one account, the newest are dropped, and logged.
    """

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = Counter[str]()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._stopping = False

    @property
    def enabled(self) -> bool:
        return self._mailer.enabled

    def send(self, account_id: str, compose: Compose, on_refused: OnRefused | None = None) -> None:
        """Send what `compose` returns, when it is its turn: it may read the recipients from the database then.

        `account_id` is the account that causes the mail; `on_refused` is called for a mail that the server refused.
        """
        if not self.enabled:
            return
        is_full = len(self._tasks) >= MAX_WAITING or self._waiting[account_id] >= MAX_WAITING_OF_ACCOUNT
        if self._stopping or is_full:
            log.warning("notice.failed", reason="the worker stops" if self._stopping else "too many mails are waiting")
            return
        task = asyncio.create_task(self._send(compose, on_refused))
        self._tasks.add(task)
        self._waiting[account_id] += 1
        task.add_done_callback(lambda task: self._sent(task, account_id))

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

    def _sent(self, task: asyncio.Task[None], account_id: str) -> None:
        self._tasks.discard(task)
        self._waiting[account_id] -= 1
        if not self._waiting[account_id]:
            del self._waiting[account_id]

    async def _send(self, compose: Compose, on_refused: OnRefused | None) -> None:
        async with self._slots:
            try:
                for mail in await compose():
                    if not await self._mailer.send(*mail) and on_refused is not None:
                        await on_refused()
            except PublicError as error:
                log.warning("notice.failed", reason=error.reason)
            except Exception as fault:  # noqa: BLE001  a mail that cannot be composed fails alone
                log.error("notice.failed", fault=type(fault).__name__)
