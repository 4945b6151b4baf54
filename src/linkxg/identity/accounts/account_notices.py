"""Security notices about an account and its people."""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.change_account import ChangedAccount
from linkxg.identity.accounts.manage_user import ChangedUser
from linkxg.identity.accounts.roles import ADMINISTRATORS, RANK
from linkxg.identity.accounts.security_notices import SecurityNotices


def account_changed(notices: SecurityNotices, actor: Actor, account_id: str, changed: ChangedAccount) -> None:
    """If the security contact was changed, to the Owners, the former contact and the new one."""
    if "security_contact" not in changed.changed:
        return
    subject, contact = "Security contact changed", changed.view.security_contact
    what = (
        f"{contact} is now the security contact of your organisation on LinkXG."
        if contact
        else "Your organisation on LinkXG has no security contact any more."
    )
    # The new contact is told as one of those who get notices.
    notices.owners(actor, account_id, subject, what)
    if changed.former_contact:
        notices.address(actor, account_id, changed.former_contact, subject, what)


def role_raised(notices: SecurityNotices, actor: Actor, account_id: str, changed: ChangedUser) -> None:
    """If a person became an Owner or Admin: to the Owners, and to the person."""
    person = changed.view
    if person.role not in ADMINISTRATORS or RANK[person.role] <= RANK[changed.former_role]:
        return
    role = person.role.capitalize()
    subject = f"New {role} on LinkXG"
    notices.owners(actor, account_id, subject, f"{person.email} is now {role} of your organisation on LinkXG.")
    if person.role != "OWNER":
        notices.person(actor, account_id, person.id, subject, f"You are now {role} of your organisation on LinkXG.")
