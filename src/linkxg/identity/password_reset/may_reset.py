"""Decides who may choose a password by a link."""

from sqlalchemy import Connection

from linkxg.identity.accounts.model import User


def may_reset(conn: Connection, user: User) -> bool:
    """Whether the person is enabled and signs in with a password; single sign-on and SCIM create people without one."""
    return not user.disabled and user.password_hash != ""
