"""Mails about connections, sent in the background: neither their time nor their failure shows in an answer."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.http.logs import log
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.store import find_account
from linkxg.network.connections.check_invitation import Invitee
from linkxg.network.connections.model import LIFETIME_DAYS, ConnectionView

_WAITING, _AT_ONCE = 1_000, 4


class ConnectionMails:
    """Sends few mails at once; beyond a thousand waiting ones the newest are dropped, and logged."""

    def __init__(self, database: Database, mailer: Mailer, public_url: str) -> None:
        self._database = database
        self._mailer = mailer
        self._console = f"{public_url}/partners"
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    @property
    def enabled(self) -> bool:
        return self._mailer.enabled

    def invited(
        self, invitee: Invitee, account_id: str, partner_id: str | None, inviter: str, link: str | None
    ) -> None:
        """To the invited address, or the Owners and Admins of the invited account."""
        subject = f"{inviter} invites you to connect on LinkXG"
        if link is not None:
            text = (
                f"{inviter} invites your company to connect on LinkXG.\n\n"
                f"Accept or create an account here; the link works once, within {LIFETIME_DAYS} days:\n{link}\n\n"
                "If you did not expect this, ignore it.\n"
            )
            self._start(self._to_address(invitee.value, subject, text))
        else:
            text = f"{inviter} invites your company to connect on LinkXG.\n\nAnswer here:\n{self._console}\n"
            self._start(self._to_administrators(partner_id or account_id, partner_id is not None, subject, text))

    def accepted(self, connection: ConnectionView, account_id: str) -> None:
        """To the partner of this account, which has accepted."""
        self._notify(connection, account_id, "{} is connected with you on LinkXG", "{} has accepted.")

    def revoked(self, connection: ConnectionView, account_id: str) -> None:
        """To the partner of this account, which has ended the connection; an invitation may have no partner."""
        text = "{} has ended the connection with you. Neither of you sees any product of the other any more."
        self._notify(connection, account_id, "{} has ended the connection on LinkXG", text)

    async def stop(self) -> None:
        """Wait for mails being sent; each has a timeout."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _notify(self, connection: ConnectionView, account_id: str, subject: str, text: str) -> None:
        if connection.partner is not None:
            self._start(self._to_partner(connection.partner.account_id, account_id, subject, text))

    def _start(self, mail: Coroutine[Any, Any, None]) -> None:
        if not self.enabled or len(self._tasks) >= _WAITING:
            mail.close()
            if self.enabled:
                log.warning("notice.failed", reason="too many mails are waiting")
            return
        task = asyncio.create_task(mail)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _to_address(self, address: str, subject: str, text: str) -> None:
        async with self._slots:
            await self._mailer.send(address, subject, text)

    async def _to_partner(self, partner_id: str, account_id: str, subject: str, text: str) -> None:
        """The name of the account takes the place of the braces."""
        try:
            account = await self._database.read_single(find_account, account_id)
        except PublicError as error:
            log.warning("notice.failed", reason=error.reason)
            return
        if account is not None:
            text = f"{text.format(account.name)}\n\n{self._console}\n"
            await self._to_administrators(partner_id, True, subject.format(account.name), text)

    async def _to_administrators(self, account_id: str, is_meant: bool, subject: str, text: str) -> None:
        """With `is_meant` false, people are read all the same and nothing is sent."""
        try:
            people = await list_people(self._database, account_id)
        except PublicError as error:
            log.warning("notice.failed", reason=error.reason)
            return
        for person in people if is_meant else ():
            if person.role in ADMINISTRATORS and not person.disabled:
                await self._to_address(person.email, subject, text)
