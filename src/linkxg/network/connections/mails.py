"""Mails about connections, sent in the background."""

from linkxg.db import Database
from linkxg.http.rate_limits import Limits
from linkxg.identity.accounts.invitation_mails import INVITATION_MAILS
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import last_lines, shown
from linkxg.identity.accounts.role_mails import mails_to_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.store import find_account
from linkxg.identity.sign_up.model import SignUpMode
from linkxg.network.connections.check_invitation import Invitee
from linkxg.network.connections.model import LIFETIME_DAYS, ConnectionView

_ASK_OPERATOR = (
    "This server does not create accounts over the network. If you have no account, ask its operator for one with this "
    "e-mail address, sign in, and open the link again."
)


class ConnectionMails:
    """Mails to invited people, and to the Owners and Admins of partners."""

    def __init__(self, database: Database, mails: MailQueue, limits: Limits, public_url: str, mode: SignUpMode) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits
        self._mode = mode
        self._public_url = public_url
        self._console = f"{public_url}/partners"

    @property
    def enabled(self) -> bool:
        return self._mails.enabled

    @property
    def link_creates_account(self) -> bool:
        """Whether the mailed link of an invitation creates an account for a company that has none."""
        return self._mode.by_invitation

    def invited(
        self, invitee: Invitee, account_id: str, partner_id: str | None, inviter: str, link: str | None
    ) -> None:
        """To the invited address, or the Owners and Admins of the invited account."""
        inviter = shown(inviter)
        subject = f"{inviter} invites you to connect on LinkXG"
        if link is None:
            text = f"{inviter} invites your company to connect on LinkXG.\n\nAnswer here:\n{self._console}"
        else:
            do = "Accept or create an account here" if self.link_creates_account else "Accept with your account here"
            without = "" if self.link_creates_account else f"{_ASK_OPERATOR}\n\n"
            text = (
                f"{inviter} invites your company to connect on LinkXG.\n\n"
                f"{do}; the link works once, within {LIFETIME_DAYS} days:\n{link}\n\n{without}"
                "If you did not expect this, ignore it.\n\n"
                + last_lines(f"{inviter} entered this address", self._public_url)
            )

        async def compose() -> list[Mail]:
            if link is not None:
                # Counted apart: who uses up these mails of a mailbox gets no link of an invitation of a person.
                if not await may_mail(self._limits, INVITATION_MAILS, invitee.value, "company"):
                    return []
                return [Mail(invitee.value, subject, text)]
            # Without a partner, people are read all the same and nothing is sent.
            found = await self._to_administrators(partner_id or account_id, subject, text)
            return found if partner_id is not None else []

        self._mails.send(account_id, compose)

    def accepted(self, connection: ConnectionView, account_id: str) -> None:
        """To the partner of this account, which has accepted."""
        self._notify(connection, account_id, "{} is connected with you on LinkXG", "{} has accepted.")

    def revoked(self, connection: ConnectionView, account_id: str) -> None:
        """To the partner of this account, which has ended the connection; an invitation may have no partner."""
        text = "{} has ended the connection with you. Neither of you sees any product of the other any more."
        self._notify(connection, account_id, "{} has ended the connection on LinkXG", text)

    def _notify(self, connection: ConnectionView, account_id: str, subject: str, text: str) -> None:
        """The name of the account takes the place of the braces."""
        if connection.partner is None:
            return
        partner_id = connection.partner.account_id

        async def compose() -> list[Mail]:
            account = await self._database.read_single(find_account, account_id)
            if account is None:
                return []
            name = shown(account.name)
            body = f"{text.format(name)}\n\n{self._console}"
            return await self._to_administrators(partner_id, subject.format(name), body)

        self._mails.send(account_id, compose)

    async def _to_administrators(self, account_id: str, subject: str, text: str) -> list[Mail]:
        return await mails_to_roles(self._database, account_id, ADMINISTRATORS, subject, text, self._public_url)
