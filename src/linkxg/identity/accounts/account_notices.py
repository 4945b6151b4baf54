"""Security notices about an account and its people."""

from typing import Protocol

from linkxg.audit.model import Actor
from linkxg.identity.accounts.change_account import ChangedAccount
from linkxg.identity.accounts.mail_text import person_label
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.notice_kinds import CONTACT_CHANGED, ROLE_GIVEN
from linkxg.identity.accounts.policy_notices import mail_policy_changed
from linkxg.identity.accounts.roles import ADMINISTRATORS, RANK, Role
from linkxg.identity.accounts.security_notices import SecurityNotices


def mail_account_changed(notices: SecurityNotices, actor: Actor, account_id: str, changed: ChangedAccount) -> None:
    """To the Owners and the security contact; if that was changed, to the former one too."""
    mail_policy_changed(notices, actor, account_id, changed)
    former, contact = changed.before.security_contact, changed.view.security_contact
    if former == contact:
        return
    subject = "Security contact changed"
    what = (
        f"{contact} is now the security contact of your account on LinkXG."
        if contact
        else "Your account on LinkXG has no security contact any more."
    )
    # The new contact is told as one of those who get notices.
    notices.owners(actor, account_id, subject, what, kind=CONTACT_CHANGED, former_contact=former)


class Person(Protocol):
    """What the notices say about somebody, whichever way they were read."""

    @property
    def id(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def role(self) -> Role: ...
    @property
    def disabled(self) -> bool: ...


def mail_role_raised(
    notices: SecurityNotices, actor: Actor, account_id: str, person: Person, former_role: Role, was_disabled: bool
) -> None:
    """If a person became an Owner or Admin, or was enabled again as one: to the Owners, and to a new Admin."""
    if person.role not in ADMINISTRATORS or person.disabled:
        return
    is_raised = RANK[person.role] > RANK[former_role]
    if not is_raised and not was_disabled:
        return
    role, label = person.role.capitalize(), person_label(person.name, person.email)
    subject = f"New {role} on LinkXG"
    what = f"{label} is now {role} of your account on LinkXG."
    if not is_raised:
        subject = f"{role} enabled again on LinkXG"
        what = f"{label} is enabled again, and is {role} of your account on LinkXG."
    tells_person = is_raised and person.role != "OWNER"
    besides = person.email if tells_person else None
    notices.owners(actor, account_id, subject, what, kind=ROLE_GIVEN, besides=besides)
    if tells_person:
        what = f"You are now {role} of your account on LinkXG."
        notices.person(actor, account_id, person.id, subject, what, kind=ROLE_GIVEN)


def mail_joined_by_invitation(notices: SecurityNotices, actor: Actor, user: User) -> None:
    """If an Owner or Admin joined: to the Owners. The person is the one who did it."""
    who = actor._replace(kind="user", id=user.id, account_id=user.account_id)
    mail_person_added(notices, who, user.account_id, user.email, user.name, user.role, "joined by an invitation")


def mail_person_added(
    notices: SecurityNotices, actor: Actor, account_id: str, email: str, name: str | None, role: Role, how: str
) -> None:
    """If the new person is an Owner or Admin: to the Owners; `how` completes the sentence about the person."""
    if role not in ADMINISTRATORS:
        return
    shown_role = role.capitalize()
    what = f"{person_label(name, email)} {how}, and is now {shown_role} of your account on LinkXG."
    notices.owners(actor, account_id, f"New {shown_role} on LinkXG", what, kind=ROLE_GIVEN, besides=email)
