"""Mails about a change of e-mail address: a link to each of the two addresses, and notices when it is made."""

from urllib.parse import quote

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.email_changes import BegunChange, ChangedEmail
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import asked_for, label_of, last_lines, shown
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.notice_kinds import EMAIL_CHANGE_APPROVED, EMAIL_CHANGED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_account

ADDRESS_MAILS = Budget("email-change-mails", 5, 3_600)
"""Of one new mailbox, whoever asks: nobody fills the mailbox of a stranger."""
_SUBJECT = "Change of your e-mail address on LinkXG"
_TO_NEW = "Confirm your e-mail address on LinkXG"


class EmailChangeMails:
    """`public_url` is that of the console, where the links lead."""

    def __init__(
        self, database: Database, mails: MailQueue, notices: SecurityNotices, limits: Limits, public_url: str
    ) -> None:
        self._database = database
        self._mails = mails
        self._notices = notices
        self._limits = limits
        self._public_url = public_url

    @property
    def enabled(self) -> bool:
        return self._mails.enabled

    def asked(self, actor: Actor, user: User, change: BegunChange) -> None:
        """To both addresses. The owner of an address that is in use gets no link; whoever asked does not learn it."""
        new_email = change.view.new_email

        async def compose_old() -> list[Mail]:
            account = await self._account_name(user)
            last = last_lines(f"it is about your access to {account} on LinkXG", self._public_url, actor)
            text = _to_old(new_email, account, asked_for(actor, user.time_zone), self._link(change.old_token))
            return [Mail(user.email, f"{_SUBJECT} – {account}", f"{text}\n\n{last}")]

        async def compose_new() -> list[Mail]:
            if not await may_mail(self._limits, ADDRESS_MAILS, new_email):
                return []
            account = await self._account_name(user)
            last = last_lines("somebody asked for it with this address", self._public_url, actor)
            who, when = label_of(user), asked_for(actor, None)
            if change.is_used:
                text = _in_use(who, account, when)
            else:
                text = _to_new(who, account, when, new_email, self._link(change.new_token))
            return [Mail(new_email, _TO_NEW, f"{text}\n\n{last}")]

        self._mails.send(user.account_id, compose_old)
        self._mails.send(user.account_id, compose_new)

    def changed(self, actor: Actor, change: ChangedEmail, *, approved: bool = False) -> None:
        """After a confirmation: to both addresses if the change was made; to the old one if an Owner approved it."""
        to = change.new_email
        by = " An Owner of your account confirmed it in place of this address." if approved else ""
        if change.done:
            what = f"The e-mail address by which you sign in to LinkXG is now {to}.{by}"
            subject = "Your e-mail address was changed"
            self._notices.address(actor, change.account_id, change.old_email, subject, what, kind=EMAIL_CHANGED)
            self._notices.person(actor, change.account_id, change.user_id, subject, what, kind=EMAIL_CHANGED)
        elif approved:
            what = f"Your e-mail address on LinkXG is to become {to}.{by}"
            kind = EMAIL_CHANGE_APPROVED
            self._notices.address(actor, change.account_id, change.old_email, _SUBJECT, what, kind=kind)

    async def _account_name(self, user: User) -> str:
        account = await self._database.read_single(find_account, user.account_id)
        return shown(account.name) if account is not None else ""

    def _link(self, token: str) -> str:
        return f"{self._public_url}/email-changes/{quote(token)}"


def _to_old(new_email: str, account: str, when: str, link: str) -> str:
    return (
        f"Somebody who knows your password wants to change the e-mail address by which you sign in to {account} on "
        f"LinkXG, from this one to {new_email}. {when}\n\n"
        f"Confirm or decline it here; the link works once, within 24 hours:\n{link}\n\n"
        "If you did not ask for this, decline it, and change your password."
    )


def _to_new(who: str, account: str, when: str, new_email: str, link: str) -> str:
    return (
        f"{who} asked for {new_email} to become the e-mail address by which they sign in to {account} on LinkXG. "
        f"{when}\n\n"
        f"If that is you, confirm it here; the link works once, within 24 hours:\n{link}\n\n"
        "If you did not expect this, ignore it."
    )


def _in_use(who: str, account: str, when: str) -> str:
    return (
        f"{who} asked to change the e-mail address by which they sign in to {account} on LinkXG to this one, by which "
        f"you sign in already. {when}\n\n"
        "Nothing changes. If it was you, sign in with this address, or use another one."
    )
