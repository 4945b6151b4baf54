"""Security notices to a person: a sign-in from a new place, a changed password."""

from linkxg.audit.model import Actor
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.sessions.model import SessionIdentity
from linkxg.identity.sessions.places import describe_device

SIGN_IN_NOTICES = Budget("sign-in-notices", 5, 3_600)


def signed_in(notices: SecurityNotices, actor: Actor, session: SessionIdentity, user_agent: str) -> None:
    """To the person, if they have not signed in from this network or with this kind of device for 30 days."""
    if not session.is_new_place:
        return
    what = f"You signed in to LinkXG from a new place, with {describe_device(user_agent)}."
    notices.person(actor, session.account_id, session.user_id, "New sign-in to LinkXG", what, budget=SIGN_IN_NOTICES)


def password_changed(notices: SecurityNotices, actor: Actor, account_id: str, user_id: str) -> None:
    """To the person."""
    what = "Your password on LinkXG was changed, and your other sessions were ended."
    notices.person(actor, account_id, user_id, "Your password was changed", what)
