"""Replaces the hash of a password that was just verified by one with the present parameters."""

from msgspec.structs import replace
from sqlalchemy import Connection

from linkxg.identity.accounts import store
from linkxg.identity.accounts.model import User


def rehash_password(conn: Connection, user: User, rehashed: str | None) -> User:
    """The person with the new hash; as they were if there is none, or the password was changed meanwhile."""
    if rehashed is None or not store.update_password_hash(conn, user.account_id, user.id, rehashed, user.password_hash):
        return user
    return replace(user, password_hash=rehashed)
