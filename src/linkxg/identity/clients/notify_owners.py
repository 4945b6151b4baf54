"""Notifies the account's Owners by mail of a secret rotation: a stolen token suffices for one.

Sent in the background; a mail that fails never fails the rotation, which is in the audit trail in any case.
"""

from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.manage_user import list_people


class OwnerNotices:
    """Mails to the Owners of an account."""

    def __init__(self, database: Database, mails: MailQueue) -> None:
        self._database = database
        self._mails = mails

    def secret_rotated(self, actor: Actor, account_id: str, client_id: str) -> None:
        by = "the client itself" if actor.kind == "client" else "an Owner or Admin"
        text = (
            f"The secret of the OAuth client {client_id} was replaced by {by} at {rfc3339(now_ms())}, "
            f"from {actor.source} (request {actor.request_id}).\n\n"
            "If nobody in your organisation did this, rotate the secret again and revoke the client's tokens.\n"
        )

        async def compose() -> list[Mail]:
            owners = [one for one in await list_people(self._database, account_id) if one.role == "OWNER"]
            return [Mail(one.email, f"Secret of {client_id} rotated", text) for one in owners if not one.disabled]

        self._mails.send(account_id, compose)
