"""Decides who may choose a password by a link."""

from sqlalchemy import Connection

from linkxg.identity.accounts.model import User
from linkxg.identity.federation.sso_only import password_allowed


def may_choose_password(conn: Connection, user: User) -> bool:
    """Whether the person is enabled, and the account does not leave them to its identity provider.

    Who has no password yet, such as somebody whom SCIM created, gets the first one by a link of an Owner or Admin.
    """
    return not user.disabled and password_allowed(conn, user.account_id, user.id)
