"""The mails of sign-ups, sent in the background: an answer waits for none, so its time tells nothing."""

from linkxg.db import Database
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import last_lines
from linkxg.identity.accounts.store import find_user_by_email

_SENDER = "sign-up"
"""What causes these mails in the queue: all of them together leave room for those of accounts."""


class SignUpMails:
    """Mails to addresses with which somebody signs up."""

    def __init__(self, database: Database, mails: MailQueue, public_url: str) -> None:
        self._database = database
        self._mails = mails
        self._public_url = public_url

    def requested(self, email: str, email_key: str, token: str) -> None:
        """The link; or, to a person who has an account, that they have one."""

        async def compose() -> list[Mail]:
            user = await self._database.read_single(find_user_by_email, email_key)
            if user is not None:
                # To the address of the account: the other may be spelt differently.
                return [Mail(user.email, "You already have an account on LinkXG", self._has_account())]
            return [Mail(email, "Create your account on LinkXG", self._with_link(token))]

        self._mails.send(_SENDER, compose)

    def _with_link(self, token: str) -> str:
        return (
            "Somebody, probably you, wants to create an account on LinkXG with this e-mail address.\n\n"
            "Name your company and choose a password here; the link works once, within 24 hours:\n"
            f"{self._public_url}/sign-up/{token}\n\n"
            "If you did not expect this, ignore it: without the link, nothing is created.\n\n" + self._last()
        )

    def _has_account(self) -> str:
        return (
            "Somebody, probably you, wants to create an account on LinkXG with this e-mail address, which has one "
            "already. Nothing was changed.\n\n"
            f"Sign in here:\n{self._public_url}/sign-in\n\n"
            "If you did not expect this, ignore it.\n\n" + self._last()
        )

    def _last(self) -> str:
        return last_lines("somebody asked for it with this address", self._public_url)
