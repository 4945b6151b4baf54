"""Tells people by mail what was done to their access, so that they notice what they did not do themselves.

Sent in the background; a mail that fails never fails what it tells of, which is in the audit trail in any case.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.crypto.secrets import digest
from linkxg.db import Database
from linkxg.errors import RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts import store
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.model import email_key

NOTICES = Budget("security-notices", 20, 3_600)
_PERSON = "If this was not you, change your password and tell an Owner of your organisation.\n"
_OWNERS = "If nobody in your organisation did this, look at the audit log and end what you do not know.\n"


class SecurityNotices:
    """Mails to a person, or to the Owners of an account. `what` is one or more whole sentences without secrets.

    An address gets a bounded number of each `kind` an hour, which is the subject if that names no single thing.
    """

    def __init__(self, database: Database, mails: MailQueue, limits: Limits) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits

    def person(
        self,
        actor: Actor,
        account_id: str,
        user_id: str,
        subject: str,
        what: str,
        *,
        advice: str = _PERSON,
        kind: str = "",
        budget: Budget | None = None,
    ) -> None:
        """To the present address of a person, unless they are disabled or removed by then.

        `budget` is of the person, in place of the ordinary one.
        """

        async def compose() -> list[Mail]:
            person = await self._database.read_single(store.find_user, account_id, user_id)
            if person is None or person.disabled:
                return []
            return await self._within_budget([person.email], subject, text, kind or subject, budget or NOTICES)

        text = _text(actor, what, advice)
        self._mails.send(account_id, compose)

    def address(
        self,
        actor: Actor,
        account_id: str,
        email: str,
        subject: str,
        what: str,
        *,
        advice: str = _PERSON,
        kind: str = "",
    ) -> None:
        """To an address, such as one that a person has left."""

        async def compose() -> list[Mail]:
            return await self._within_budget([email], subject, text, kind or subject, NOTICES)

        text = _text(actor, what, advice)
        self._mails.send(account_id, compose)

    def owners(
        self, actor: Actor, account_id: str, subject: str, what: str, *, advice: str = _OWNERS, kind: str = ""
    ) -> None:
        """To the enabled Owners of the account and its security contact."""

        async def compose() -> list[Mail]:
            emails = await self._database.read(_owners, account_id)
            return await self._within_budget(emails, subject, text, kind or subject, NOTICES)

        text = _text(actor, what, advice)
        self._mails.send(account_id, compose)

    async def _within_budget(
        self, emails: Iterable[str], subject: str, text: str, kind: str, budget: Budget
    ) -> list[Mail]:
        """A mail to each address that has not had too many of this kind."""
        mails = []
        for email in emails:
            try:
                await self._limits.spend(budget, digest(f"{kind}\n{email_key(email)}").hex())
            except RateLimitExceeded:
                continue
            except TemporarilyUnavailable:
                # Better one mail too many than none: the counters are away.
                pass
            mails.append(Mail(email, subject, text))
        return mails


def _owners(conn: Connection, account_id: str) -> list[str]:
    people, account = store.list_users(conn, account_id), store.find_account(conn, account_id)
    emails = [person.email for person in people if person.role == "OWNER" and not person.disabled]
    contact = account.security_contact if account is not None else None
    if contact and email_key(contact) not in map(email_key, emails):
        emails.append(contact)
    return emails


def _text(actor: Actor, what: str, advice: str) -> str:
    return f"{what}\n\nAt {rfc3339(now_ms())}, from {actor.source} (request {actor.request_id}).\n\n{advice}"
