"""Notifies the account's Owners by mail of a secret rotation: a stolen token suffices for one.

Sent in the background; a mail that fails never fails the rotation, which is in the audit trail in any case.
"""

import asyncio

from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.http.logs import log
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.manage_user import list_people


class OwnerNotices:
    """Mails to the Owners of an account."""

    def __init__(self, database: Database, mailer: Mailer) -> None:
        self._database = database
        self._mailer = mailer
        self._tasks: set[asyncio.Task[None]] = set()

    def secret_rotated(self, actor: Actor, account_id: str, client_id: str) -> None:
        if not self._mailer.enabled:
            return
        by = "the client itself" if actor.kind == "client" else "an Owner or Admin"
        text = (
            f"The secret of the OAuth client {client_id} was replaced by {by} at {rfc3339(now_ms())}, "
            f"from {actor.source} (request {actor.request_id}).\n\n"
            "If nobody in your organisation did this, rotate the secret again and revoke the client's tokens.\n"
        )
        task = asyncio.create_task(self._send(account_id, f"Secret of {client_id} rotated", text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Wait for mails being sent; each has a timeout."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, account_id: str, subject: str, text: str) -> None:
        try:
            people = await list_people(self._database, account_id)
        except PublicError as error:
            log.warning("notice.failed", reason=error.reason)
            return
        for person in people:
            if person.role == "OWNER" and not person.disabled:
                await self._mailer.send(person.email, subject, text)
