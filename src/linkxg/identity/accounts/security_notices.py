"""Tells people by mail what was done to their access, so that they notice what they did not do themselves.

Sent in the background; a mail that fails never fails what it tells of, which is in the audit trail in any case.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts import store
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import label_of, last_lines, local_time, origin, shown
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.notice_kinds import NoticeKind

NOTICES = Budget("security-notices", 20, 3_600)
_PERSON = "If this was not you, change your password and tell an Owner of your account."
_OWNERS = "If nobody in your account did this, check the audit log and revoke whatever you do not recognise."
_BY = {
    "cli": "the operator of this service, on the command line",
    "scim": "your identity provider, by SCIM",
    "provider": "your identity provider, at the person's sign-in",
    "client": "an OAuth client of the account",
    "scanner": "a secret scanner, by a signed report",
}
What = str | Callable[[Connection], str]
"""One or more whole sentences without secrets; or what reads them in the background, with the names of what it is."""


class _Recipient(NamedTuple):
    """`why` completes "You get this mail because". An address that is no person's has no time zone.

    Strangers choose such addresses, as security contacts: they are counted over all accounts. The notices to a person
    are counted by account, so that no other account uses them up.
    """

    email: str
    why: str
    is_person: bool = True
    time_zone: str | None = None


Find = Callable[[Connection, AnyRow], list[_Recipient]]
"""Who is told, of this account."""


class SecurityNotices:
    """Mails to a person, or to the Owners of an account. A mailbox gets a bounded number of each kind an hour."""

    def __init__(self, database: Database, mails: MailQueue, limits: Limits, public_url: str) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits
        self._public_url = public_url

    @property
    def public_url(self) -> str:
        """The origin of links."""
        return self._public_url

    def person(
        self,
        actor: Actor,
        account_id: str,
        user_id: str,
        subject: str,
        what: What,
        *,
        kind: NoticeKind,
        advice: str = _PERSON,
        budget: Budget = NOTICES,
    ) -> None:
        """To the present address of a person, unless they are disabled or removed by then."""

        def find(conn: Connection, account: AnyRow) -> list[_Recipient]:
            user = store.find_user(conn, account_id, user_id)
            if user is None or user.disabled:
                return []
            why = f"it is about your access to {shown(account.name)} on LinkXG"
            return [_Recipient(user.email, why, time_zone=user.time_zone)]

        self._send(actor, account_id, find, subject, what, kind, advice, budget)

    def address(
        self,
        actor: Actor,
        account_id: str,
        email: str,
        subject: str,
        what: What,
        *,
        kind: NoticeKind,
        advice: str = _PERSON,
    ) -> None:
        """To an address that a person has left, or is about to leave."""

        def find(_: Connection, account: AnyRow) -> list[_Recipient]:
            why = f"with this address, somebody signed in to {shown(account.name)} on LinkXG"
            return [_Recipient(email, why, is_person=False)]

        self._send(actor, account_id, find, subject, what, kind, advice, NOTICES)

    def owners(
        self,
        actor: Actor,
        account_id: str,
        subject: str,
        what: What,
        *,
        kind: NoticeKind,
        advice: str = _OWNERS,
        besides: str | None = None,
        former_contact: str | None = None,
    ) -> None:
        """To the enabled Owners of the account, its security contact, and the former one if that has changed.

        Not to the address `besides`, which is told separately.
        """
        told = "" if besides is None else email_key(besides)

        def find(conn: Connection, account: AnyRow) -> list[_Recipient]:
            found = _owners(conn, account_id, account, former_contact)
            return [one for one in found if email_key(one.email) != told]

        self._send(actor, account_id, find, subject, what, kind, advice, NOTICES)

    def _send(
        self,
        actor: Actor,
        account_id: str,
        find: Find,
        subject: str,
        what: What,
        kind: NoticeKind,
        advice: str,
        budget: Budget,
    ) -> None:
        at = now_ms()

        def read(conn: Connection) -> tuple[str, list[_Recipient], str, str | None]:
            account = store.find_account(conn, account_id)
            if account is None:
                return "", [], "", None
            text = what if isinstance(what, str) else what(conn)
            return shown(account.name), find(conn, account), text, _by(conn, actor)

        async def compose() -> list[Mail]:
            account, recipients, text, by = await self._database.read(read)
            mails = []
            for one in recipients:
                counted_as = f"{kind.name} {account_id if one.is_person else ''}"
                # Better one mail too many than none, if the counters are away.
                if await may_mail(self._limits, budget, one.email, counted_as, uncounted=True):
                    body = _body(text, actor, by, local_time(at, one.time_zone), advice)
                    last = last_lines(one.why, self._public_url, actor)
                    mails.append(Mail(one.email, f"{subject} – {account}", f"{body}\n\n{last}"))
            return mails

        self._mails.send(account_id, compose)


def _owners(conn: Connection, account_id: str, account: AnyRow, former_contact: str | None) -> list[_Recipient]:
    name = shown(account.name)
    why = f"you are an Owner of {name} on LinkXG"
    found = [
        _Recipient(person.email, why, time_zone=person.time_zone)
        for person in store.list_users(conn, account_id)
        if person.role == "OWNER" and not person.disabled
    ]
    for email, verb in ((account.security_contact, "is"), (former_contact, "was")):
        if email and email_key(email) not in {email_key(one.email) for one in found}:
            why = f"this address {verb} the security contact of {name} on LinkXG"
            found.append(_Recipient(email, why, is_person=False))
    return found


def _by(conn: Connection, actor: Actor) -> str | None:
    """Who did it, by name; None for somebody who had not signed in."""
    if actor.kind == "user" and actor.account_id and actor.id:
        user = store.find_user(conn, actor.account_id, actor.id)
        return None if user is None else label_of(user)
    return _BY.get(actor.kind)


def _body(what: str, actor: Actor, by: str | None, at: str, advice: str) -> str:
    source = origin(actor)
    lines = [
        f"When: {at}",
        *([f"By: {by}"] if by else []),
        *([f"From: the network address {source}"] if source else []),
    ]
    return "\n\n".join((what, "\n".join(lines), advice))
