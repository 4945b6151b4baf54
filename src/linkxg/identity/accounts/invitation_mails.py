"""The mail to an invited person: who invites them, to which account, as what, and the link.

The address may be a stranger's, so the names of others are written so that they are no links, and a mailbox gets few.
Whoever signs in to another account with it gets a mail without a link in its place, after the same work: the inviter
does not learn who uses this service (OWASP ASVS 6.3.8).
"""

from linkxg.crypto.secrets import digest
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.invite_user import Invitation
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_budgets import mailbox_of, may_mail
from linkxg.identity.accounts.mail_text import last_lines, shown
from linkxg.identity.accounts.roles import Role

INVITATION_MAILS = Budget("invitation-mails", 10, 3_600)
"""Of one mailbox, whoever invites; then the inviter gets the link."""
MAILS_OF_ACCOUNT = Budget("invitation-mails-account", 5, 3_600)
"""Of one mailbox, by one account: by itself it never gets the link of an address that it does not read."""
INVITATION_LINKS = Budget("invitation-links", 50, 3_600)
"""Of one account, without a mail server: whoever holds a link can try whether its address is in use."""
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

    async def require_budget(self, account_id: str, email: str) -> None:
        """Count an invitation, before it is made. Raises RateLimitExceeded, whether or not the address is in use."""
        if self.enabled:
            mailbox = digest(f"{account_id}\n{mailbox_of(email)}").hex()
            await self._limits.spend(MAILS_OF_ACCOUNT, mailbox)
        else:
            await self._limits.spend(INVITATION_LINKS, account_id)

    async def send(self, email: str, role: Role, invitation: Invitation, link: str) -> bool:
        """Whether the mail server accepted the mail; false too if the mailbox has had too many."""
        if not await may_mail(self._limits, INVITATION_MAILS, email):
            return False
        account = shown(invitation.account_name)
        last = last_lines(f"{invitation.inviter} entered this address", self._public_url)
        if invitation.user_email is None:
            text = _with_link(invitation, account, role, link)
        else:
            # To the address of the person: the other may be spelt differently.
            email, text = invitation.user_email, _in_use(invitation.inviter, account)
        return await self._mailer.send(email, f"Join {account} on LinkXG", f"{text}\n\n{last}")


def _with_link(invitation: Invitation, account: str, role: Role, link: str) -> str:
    earlier = "\nThe link of the earlier invitation no longer works." if invitation.replaced else ""
    return (
        f"{invitation.inviter} invites you to join {account} on LinkXG.\n"
        f"You become {_MEANINGS[role]}.\n\n"
        f"Choose a password here; the link works once, within 7 days:\n{link}{earlier}\n\n"
        "If you do not know who invites you, or did not expect this, ignore it: without the link, nothing happens."
    )


def _in_use(inviter: str, account: str) -> str:
    return (
        f"{inviter} invites you to join {account} on LinkXG, with this address, by which you sign in to another "
        "account already. An address belongs to one account, so nothing changes; nobody was told that you have one.\n\n"
        "If you want to join, tell them another address of yours, or ask an Owner of your present account to remove "
        "you there first. If you do not know who invites you, or did not expect this, ignore it."
    )
