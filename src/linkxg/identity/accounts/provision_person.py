"""Adds and renames people whom the account's own directory names, by single sign-on or SCIM, inside a unit of work.

They have no password: they get in by single sign-on, or by a password link that an Owner or Admin makes. The caller has
checked that the account has verified the domain of the address.
"""

from typing import Any

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db.caller_lock import lock_caller
from linkxg.identity.accounts import email_change_store, store
from linkxg.identity.accounts.model import NO_PASSWORD, User, email_key
from linkxg.identity.accounts.next_epoch import begin_next_epoch
from linkxg.identity.accounts.people_limit import TooManyPeople, refuse_beyond_limit
from linkxg.identity.accounts.roles import Role
from linkxg.ids import uuid7


def provision_person(
    conn: Connection, actor: Actor, account_id: str, *, email: str, role: Role, disabled: bool = False, **profile: Any
) -> User | TooManyPeople | None:
    """The new person, or None if the address is in use, in any account. `profile`: name, language and time zone."""
    refused = refuse_beyond_limit(conn, account_id)
    if refused is not None:
        return refused
    user_id, key, now = uuid7(), email_key(email), now_ms()
    added = store.insert_user(
        conn,
        account_id,
        id=user_id,
        email=email,
        email_key=key,
        role=role,
        password_hash=NO_PASSWORD,
        disabled=disabled,
        created_at=now,
        **profile,
    )
    if not added:
        return None
    # Whoever has joined needs no link any more.
    store.expire_invitations(conn, account_id, key, now)
    who = actor._replace(kind="user", id=user_id, account_id=account_id) if actor.kind == "anonymous" else actor
    details = {"email": email, "role": role} | ({"disabled": True} if disabled else {})
    audit.record(conn, account_id, who, "user.provisioned", user_id, details)
    return store.find_user(conn, account_id, user_id)


def state_profile(conn: Connection, account_id: str, user_id: str, changed: dict[str, Any]) -> None:
    """Store the name, language or time zone that the directory states; the caller records it."""
    if changed:
        store.update_profile(conn, account_id, user_id, changed)


def rename_person(conn: Connection, actor: Actor, account_id: str, user_id: str, *, was: str, email: str) -> bool:
    """Change the address by which the person signs in, and end their sessions; false if it is in use."""
    lock_caller(conn, user_id)
    if not store.update_email(conn, account_id, user_id, email=email, key=email_key(email), was=email_key(was)):
        return False
    email_change_store.end_email_changes_of(conn, account_id, user_id, now_ms())
    begin_next_epoch(conn, account_id, user_id, "address changed")
    audit.record(conn, account_id, actor, "email.changed", user_id, {"from": was, "to": email})
    return True
