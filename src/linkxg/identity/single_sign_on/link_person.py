"""Links the identity of a provider to a person, once: by their address, or in their own session.

The address alone gives nobody more than a password alone would: an Owner, and whoever has a second factor or passkey,
links the identity in a session that their own credentials began (OWASP ASVS 6.3.8).
"""

from typing import Literal

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.notice_kinds import IDENTITY_LINKED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_user
from linkxg.identity.federation.id_token import IdToken
from linkxg.identity.federation.model import IdentityProvider
from linkxg.identity.federation.sso_only import password_allowed
from linkxg.identity.federation.store import find_unchanged
from linkxg.identity.single_sign_on import store
from linkxg.identity.single_sign_on.refusals import (
    ANOTHER_PERSON,
    ANOTHER_SUBJECT,
    BECOME_AN_EXCEPTION,
    CHANGED,
    RESET_FACTORS,
    SIGN_IN_FIRST,
)
from linkxg.identity.single_sign_on.sign_in_refused import SignInRefused

How = Literal["linked", "added", "in session"]
"""By their address, as a new person, or by the person themselves."""
_SUBJECT = "Company sign-in connected"


def refuse_by_address(conn: Connection, user: User) -> SignInRefused | None:
    """Why the address alone does not link this person, and what they do instead."""
    if user.role != "OWNER" and not user.has_second_factor:
        return None
    if password_allowed(conn, user.account_id, user.id):
        return SignInRefused(SIGN_IN_FIRST)
    return SignInRefused(BECOME_AN_EXCEPTION if user.role == "OWNER" else RESET_FACTORS)


def link_in_session(conn: Connection, actor: Actor, provider: IdentityProvider, token: IdToken) -> User | SignInRefused:
    """Inside a unit of work for the actor (`revoke_as`): link the identity to the person of their session."""
    account_id, user_id = provider.account_id, actor.id or ""
    if find_unchanged(conn, account_id, provider) is None:
        return SignInRefused(CHANGED)
    user = find_user(conn, account_id, user_id)
    if user is None:
        return SignInRefused(CHANGED)
    linked = store.find_linked_user_id(conn, account_id, token.issuer, token.subject)
    if linked == user_id:
        return user
    if linked is not None:
        return SignInRefused(ANOTHER_PERSON)
    if store.find_linked_at(conn, account_id, token.issuer, user_id) is not None:
        return SignInRefused(ANOTHER_SUBJECT)
    insert_link(conn, actor, token, user, "in session")
    return user


def insert_link(conn: Connection, actor: Actor, token: IdToken, user: User, how: How) -> None:
    store.insert_identity(
        conn, user.account_id, issuer=token.issuer, subject=token.subject, user_id=user.id, created_at=now_ms()
    )
    details = {"issuer": token.issuer, "subject": token.subject, "how": how}
    audit.record(conn, user.account_id, actor, "user.linked", user.id, details)


def mail_identity_linked(notices: SecurityNotices, actor: Actor, user: User, issuer: str) -> None:
    """Mail the person and the Owners."""
    what = f"From now on, {issuer} can sign you in to LinkXG."
    notices.person(actor, user.account_id, user.id, _SUBJECT, what, kind=IDENTITY_LINKED)
    what = f"From now on, {issuer} can sign in {user.email}, who was in your account already."
    notices.owners(actor, user.account_id, _SUBJECT, what, kind=IDENTITY_LINKED)
