"""Finds, links or adds the person of an ID token.

A person is found by issuer and subject. By their e-mail address they are linked once, and added, only if this account
has verified the domain and the provider has verified the address. So no provider reaches a person of another account.
Whom an address alone does not link is decided in `link_person`.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.errors import InvalidRequest
from linkxg.identity.accounts.model import User, deliverable, email_key
from linkxg.identity.accounts.people_limit import TooManyPeople
from linkxg.identity.accounts.provision_person import provision_person
from linkxg.identity.accounts.roles import Role
from linkxg.identity.accounts.store import find_user, find_user_by_email
from linkxg.identity.authorization.store import lock_account
from linkxg.identity.federation.id_token import IdToken
from linkxg.identity.federation.model import IdentityProvider, domain_of
from linkxg.identity.federation.store import find_unchanged, find_verified_domain
from linkxg.identity.single_sign_on import store
from linkxg.identity.single_sign_on.link_person import How, insert_link, refuse_by_address
from linkxg.identity.single_sign_on.refusals import (
    ANOTHER_SUBJECT,
    CHANGED,
    DISABLED,
    ELSEWHERE,
    FOREIGN_DOMAIN,
    FULL,
    NO_EMAIL,
    NO_ROLE,
    NOT_VERIFIED,
)
from linkxg.identity.single_sign_on.sign_in_refused import SignInRefused


class Admitted(NamedTuple):
    """The person, and the role that they are to have from this sign-in on; `how` if it is their first one."""

    user: User
    role: Role
    how: How | None


def admit_person(
    conn: Connection, actor: Actor, provider: IdentityProvider, token: IdToken
) -> Admitted | SignInRefused:
    """Inside a unit of work. A refusal is audited, so that Owners see why somebody cannot sign in."""
    outcome = _admit(conn, actor, provider, token)
    if isinstance(outcome, SignInRefused):
        details = {"reason": outcome.message, "subject": token.subject}
        audit.record(
            conn, provider.account_id, actor, "identity_provider.sign_in_refused", provider.account_id, details
        )
    return outcome


def _admit(conn: Connection, actor: Actor, provider: IdentityProvider, token: IdToken) -> Admitted | SignInRefused:
    account_id = provider.account_id
    lock_account(conn, account_id)
    current = find_unchanged(conn, account_id, provider)
    if current is None:
        return SignInRefused(CHANGED)
    role = current.role_of(token.claims)
    user_id = store.find_linked_user_id(conn, account_id, token.issuer, token.subject)
    user = find_user(conn, account_id, user_id) if user_id else None
    how: How | None = None
    if user is None:
        found = _by_email(conn, actor, current, token, role)
        if isinstance(found, SignInRefused):
            return found
        user, how = found
    if user.disabled:
        return SignInRefused(DISABLED)
    if not current.changes_role(user):
        return Admitted(user, user.role, how)
    return SignInRefused(NO_ROLE) if role is None else Admitted(user, role, how)


def _by_email(
    conn: Connection, actor: Actor, provider: IdentityProvider, token: IdToken, role: Role | None
) -> tuple[User, How] | SignInRefused:
    """Link the person of the token's address, or add them."""
    account_id = provider.account_id
    if token.email is None:
        return SignInRefused(NO_EMAIL)
    if not token.email_verified:
        return SignInRefused(NOT_VERIFIED)
    try:
        email = deliverable(token.email)
        key = email_key(email)
    except InvalidRequest:
        return SignInRefused(NO_EMAIL)
    if find_verified_domain(conn, account_id, domain_of(key)) is None:
        # Before any person is looked up.
        return SignInRefused(FOREIGN_DOMAIN)
    user = find_user_by_email(conn, key)
    if user is not None and user.account_id != account_id:
        return SignInRefused(ELSEWHERE)
    if user is not None and store.find_linked_at(conn, account_id, token.issuer, user.id) is not None:
        # An address that was given to somebody else at the provider must not give them the first one's account.
        return SignInRefused(ANOTHER_SUBJECT)
    if user is not None and user.disabled:
        return SignInRefused(DISABLED)
    if user is not None:
        if refused := refuse_by_address(conn, user):
            return refused
        if role is None and provider.changes_role(user):
            return SignInRefused(NO_ROLE)
        how: How = "linked"
    else:
        if role is None:
            return SignInRefused(NO_ROLE)
        added, how = provision_person(conn, actor, account_id, email=email, role=role), "added"
        if isinstance(added, TooManyPeople):
            return SignInRefused(FULL)
        if added is None:
            return SignInRefused(ELSEWHERE)
        user = added
    insert_link(conn, actor, token, user, how)
    return user, how
