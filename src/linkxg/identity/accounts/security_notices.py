"""Tells people by mail what was done to their access, so that they notice what they did not do themselves.

Sent in the background; a mail that fails never fails what it tells of, which is in the audit trail in any case.
"""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.identity.accounts import store
from linkxg.identity.accounts.mail_queue import Mail, MailQueue

_PERSON = "If this was not you, change your password and tell an Owner of your organisation.\n"
_OWNERS = "If nobody in your organisation did this, look at the audit log and end what you do not know.\n"


class SecurityNotices:
    """Mails to a person, or to the Owners of an account. `what` is one or more whole sentences without secrets."""

    def __init__(self, database: Database, mails: MailQueue) -> None:
        self._database = database
        self._mails = mails

    def person(
        self, actor: Actor, account_id: str, user_id: str, subject: str, what: str, *, advice: str = _PERSON
    ) -> None:
        """To the present address of a person, unless they are disabled or removed by then."""

        async def compose() -> list[Mail]:
            person = await self._database.read_single(store.find_user, account_id, user_id)
            return [] if person is None or person.disabled else [Mail(person.email, subject, text)]

        text = _text(actor, what, advice)
        self._mails.send(account_id, compose)

    def address(
        self, actor: Actor, account_id: str, email: str, subject: str, what: str, *, advice: str = _PERSON
    ) -> None:
        """To an address, such as one that a person has left."""

        async def compose() -> list[Mail]:
            return [Mail(email, subject, text)]

        text = _text(actor, what, advice)
        self._mails.send(account_id, compose)

    def owners(self, actor: Actor, account_id: str, subject: str, what: str, *, advice: str = _OWNERS) -> None:
        """To the enabled Owners of the account."""

        async def compose() -> list[Mail]:
            emails = await self._database.read_single(_owners, account_id)
            return [Mail(email, subject, text) for email in emails]

        text = _text(actor, what, advice)
        self._mails.send(account_id, compose)


def _owners(conn: Connection, account_id: str) -> list[str]:
    people = store.list_users(conn, account_id)
    return [person.email for person in people if person.role == "OWNER" and not person.disabled]


def _text(actor: Actor, what: str, advice: str) -> str:
    return f"{what}\n\nAt {rfc3339(now_ms())}, from {actor.source} (request {actor.request_id}).\n\n{advice}"
