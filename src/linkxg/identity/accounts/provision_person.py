"""Creates and renames people for an identity provider, inside a unit of work.

They have no password: they get in by single sign-on, or by a password link that an Owner or Admin makes.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import invalidation_feed
from linkxg.db.caller_lock import lock_caller
from linkxg.db.invalidation_feed import USER
from linkxg.identity.accounts import store
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.roles import Role
from linkxg.ids import uuid7

NO_PASSWORD = ""


def provision_person(
    conn: Connection, actor: Actor, account_id: str, *, email: str, role: Role, disabled: bool
) -> str | None:
    """The new person's id, or None if the address is in use, in any account."""
    user_id, key, now = uuid7(), email_key(email), now_ms()
    created = store.insert_user(
        conn,
        account_id,
        id=user_id,
        email=email,
        email_key=key,
        role=role,
        password_hash=NO_PASSWORD,
        disabled=disabled,
        created_at=now,
    )
    if not created:
        return None
    store.expire_invitations(conn, account_id, key, now)
    details = {"email": email, "role": role} | ({"disabled": True} if disabled else {})
    audit.record(conn, account_id, actor, "user.provisioned", user_id, details)
    return user_id


def rename_person(conn: Connection, actor: Actor, account_id: str, user_id: str, *, was: str, email: str) -> bool:
    """Change the address by which the person signs in, and end their sessions; false if it is in use."""
    lock_caller(conn, user_id)
    epoch = store.update_email(conn, account_id, user_id, email, email_key(email))
    if epoch is None:
        return False
    invalidation_feed.append(conn, USER, user_id, epoch)
    audit.record(conn, account_id, actor, "user.email_changed", user_id, {"from": was, "to": email})
    return True
