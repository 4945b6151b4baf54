"""Security notices to a person: a sign-in from a new place, a changed password."""

from linkxg.audit.model import Actor
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.authentication_policy import FEDERATED, MFA
from linkxg.identity.accounts.notice_kinds import NEW_PLACE, PASSWORD_CHANGED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.sessions.model import SessionIdentity
from linkxg.identity.sessions.places import describe_device

SIGN_IN_NOTICES = Budget("sign-in-notices", 5, 3_600)


def mail_new_place(notices: SecurityNotices, actor: Actor, session: SessionIdentity, user_agent: str) -> None:
    """To the person, if they have not signed in from this network or with this kind of device for 30 days."""
    if not session.is_new_place:
        return
    program = describe_device(user_agent) or "a program that is none of the common browsers"
    what = (
        f"You signed in to LinkXG with {_method(session.amr.split())}, in {program}. In the last 30 days you have not "
        "signed in from this network, or not with this kind of program."
    )
    notices.person(
        actor,
        session.account_id,
        session.user_id,
        "New sign-in to LinkXG",
        what,
        kind=NEW_PLACE,
        budget=SIGN_IN_NOTICES,
    )


def mail_password_changed(
    notices: SecurityNotices, actor: Actor, account_id: str, user_id: str, *, by_link: bool = False
) -> None:
    """To the person."""
    what = (
        "Your password on LinkXG was changed with a password link, and all your sessions were ended."
        if by_link
        else "Your password on LinkXG was changed, and your other sessions were ended."
    )
    notices.person(actor, account_id, user_id, "Your password was changed", what, kind=PASSWORD_CHANGED)


def _method(amr: list[str]) -> str:
    """By the methods of RFC 8176."""
    if FEDERATED in amr:
        return "your company's single sign-on"
    if "pwd" not in amr:
        return "a passkey"
    return "your password and a second factor" if MFA in amr else "your password"
