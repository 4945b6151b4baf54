"""The mail to an invited person: who invites them, to which account, as what, and the link.

The address may be a stranger's, so the names of others are written so that they are no links, and a mailbox gets few.
"""

from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.invite_user import Invitation
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_text import last_lines, shown
from linkxg.identity.accounts.roles import Role

INVITATION_MAILS = Budget("invitation-mails", 10, 3_600)
"""Of one mailbox, whoever invites."""
_MEANINGS: dict[Role, str] = {
    "OWNER": "Owner, who may do everything and decides who is an Owner",
    "ADMIN": "Admin, who manages people and API access",
    "MEMBER": "Member, who reads and changes product data",
    "VIEWER": "Viewer, who reads product data",
}


class InvitationMails:
    """`public_url` is that of the console."""

    def __init__(self, mailer: Mailer, limits: Limits, public_url: str) -> None:
        self._mailer = mailer
        self._limits = limits
        self._public_url = public_url

    @property
    def enabled(self) -> bool:
        return self._mailer.enabled

    async def send(self, email: str, role: Role, invitation: Invitation, link: str) -> bool:
        """Whether the mail server accepted the mail; false too if the mailbox has had too many."""
        if not await may_mail(self._limits, INVITATION_MAILS, email):
            return False
        account = shown(invitation.account_name)
        text = (
            f"{invitation.inviter} invites you to join {account} on LinkXG.\n"
            f"You become {_MEANINGS[role]}.\n\n"
            f"Choose a password here; the link works once, within 7 days:\n{link}\n\n"
            "If you do not know who invites you, or did not expect this, ignore it: without the link, nothing happens."
            "\n\n" + last_lines(f"{invitation.inviter} entered this address", self._public_url)
        )
        return await self._mailer.send(email, f"Join {account} on LinkXG", text)
