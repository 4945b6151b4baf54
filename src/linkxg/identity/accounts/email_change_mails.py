"""Mails about a change of e-mail address: a link to each of the two addresses, and notices when it is made."""

from urllib.parse import quote

from linkxg.audit.model import Actor
from linkxg.crypto.secrets import digest
from linkxg.errors import RateLimitExceeded
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.email_changes import BegunChange, ChangedEmail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.security_notices import SecurityNotices

ADDRESS_MAILS = Budget("email-change-mails", 5, 3_600)
"""Of one new address, whoever asks: nobody fills the mailbox of a stranger."""
_SUBJECT = "Change of your e-mail address on LinkXG"


class EmailChangeMails:
    """`public_url` is that of the console, where the links lead."""

    def __init__(self, mails: MailQueue, notices: SecurityNotices, limits: Limits, public_url: str) -> None:
        self._mails = mails
        self._notices = notices
        self._limits = limits
        self._links = f"{public_url}/email-changes"

    @property
    def enabled(self) -> bool:
        return self._mails.enabled

    def asked(self, user: User, change: BegunChange) -> None:
        """To both addresses. The owner of an address that is in use gets no link; whoever asked does not learn it."""
        new_email = change.view.new_email
        old = Mail(user.email, _SUBJECT, _to_old(new_email, self._link(change.old_token)))
        text = _IN_USE if change.is_used else _to_new(new_email, self._link(change.new_token))
        new = Mail(new_email, "Confirm your e-mail address on LinkXG", text)

        async def compose_old() -> list[Mail]:
            return [old]

        async def compose_new() -> list[Mail]:
            try:
                await self._limits.spend(ADDRESS_MAILS, digest(email_key(new_email)).hex())
            except RateLimitExceeded:
                return []
            return [new]

        self._mails.send(user.account_id, compose_old)
        self._mails.send(user.account_id, compose_new)

    def changed(self, actor: Actor, change: ChangedEmail, *, approved: bool = False) -> None:
        """After a confirmation: to both addresses if the change was made; to the old one if an Owner approved it."""
        to = change.new_email
        by = " An Owner of your organisation confirmed it in place of this address." if approved else ""
        if change.done:
            what = f"The e-mail address by which you sign in to LinkXG is now {to}.{by}"
            subject = "Your e-mail address was changed"
            self._notices.address(actor, change.account_id, change.old_email, subject, what)
            self._notices.person(actor, change.account_id, change.user_id, subject, what)
        elif approved:
            what = f"Your e-mail address on LinkXG is to become {to}.{by}"
            self._notices.address(actor, change.account_id, change.old_email, _SUBJECT, what)

    def _link(self, token: str) -> str:
        return f"{self._links}/{quote(token)}"


def _to_old(new_email: str, link: str) -> str:
    return (
        f"Somebody who knows your password wants to change the e-mail address by which you sign in to LinkXG, "
        f"from this one to {new_email}.\n\n"
        f"Confirm or decline it here; the link works once, within 24 hours:\n{link}\n\n"
        "If you did not ask for this, decline it, and change your password.\n"
    )


def _to_new(new_email: str, link: str) -> str:
    return (
        f"{new_email} is to become the e-mail address by which somebody signs in to LinkXG.\n\n"
        f"If that is you, confirm it here; the link works once, within 24 hours:\n{link}\n\n"
        "If you did not expect this, ignore it.\n"
    )


_IN_USE = (
    "Somebody asked to change the e-mail address by which they sign in to LinkXG to this one, by which you sign in "
    "already.\n\nNothing changes. If it was you, sign in with this address, or use another one.\n"
)
