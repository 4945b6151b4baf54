"""Adds a person who comes by the account's own directory instead of an invitation; they have no password."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.identity.accounts import store
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.roles import Role
from linkxg.ids import uuid7

NO_PASSWORD = ""
"""The hash that no password matches."""


def provision_user(conn: Connection, actor: Actor, account_id: str, email: str, role: Role) -> User | None:
    """Inside a unit of work: None if the address is in use, in any account. The caller has checked the address."""
    user_id, key, now = uuid7(), email_key(email), now_ms()
    added = store.insert_user(
        conn,
        account_id,
        id=user_id,
        email=email,
        email_key=key,
        role=role,
        password_hash=NO_PASSWORD,
        created_at=now,
    )
    if not added:
        return None
    # Whoever has joined needs no link any more.
    store.expire_invitations(conn, account_id, key, now)
    who = actor._replace(kind="user", id=user_id, account_id=account_id) if actor.kind == "anonymous" else actor
    audit.record(conn, account_id, who, "user.joined", user_id, {"role": role, "by": actor.kind})
    return store.find_user(conn, account_id, user_id)
