"""Security notices about what an identity provider did to people by SCIM, and about its tokens."""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.account_notices import mail_person_added, mail_role_raised
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.notice_kinds import EMAIL_CHANGED, SCIM_TOKEN_CREATED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.scim.model import ScimUser
from linkxg.identity.scim.write_users import ProvisionedUser


def mail_person_provisioned(notices: SecurityNotices, actor: Actor, account_id: str, user: ScimUser) -> None:
    """If an Admin was created, to the Owners."""
    how = "was added by your identity provider (SCIM)" + (", disabled for now" if user.disabled else "")
    mail_person_added(notices, actor, account_id, user.email, user.name, user.role, how)


def mail_person_reprovisioned(
    notices: SecurityNotices, actor: Actor, account_id: str, changed: ProvisionedUser
) -> None:
    """If a person became an Admin, to them and the Owners; if they got another address, to the former one."""
    user, was = changed.user, changed.was
    mail_role_raised(notices, actor, account_id, user, was.role, was.disabled)
    if changed.left is not None:
        what = f"The identity provider of your company changed your address from this one to {user.email}."
        subject = "Your e-mail address was changed"
        notices.address(actor, account_id, changed.left, subject, what, kind=EMAIL_CHANGED)


def mail_scim_token_created(notices: SecurityNotices, actor: Actor, account_id: str, name: str) -> None:
    """To the Owners: whoever holds the token creates and disables people."""
    what = f"The SCIM token “{shown(name)}” was created. With it, a program can create, change and disable people."
    notices.owners(actor, account_id, "SCIM token created", what, kind=SCIM_TOKEN_CREATED)
