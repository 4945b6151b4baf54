"""Finds the person of a link that is still valid."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.crypto.secrets import constant_time_equal
from linkxg.db.schema import AnyRow
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.roles import may_manage
from linkxg.identity.accounts.store import find_user
from linkxg.identity.password_reset import store
from linkxg.identity.password_reset.may_choose_password import may_choose_password
from linkxg.identity.password_reset.model import binding_of


class ValidReset(NamedTuple):
    """A link, neither used nor expired, and its person, who has not changed since."""

    reset: AnyRow
    user: User


def find_valid(conn: Connection, key: bytes, now: int) -> ValidReset | None:
    """None also for a person who was disabled, whose role, address or password has changed, or who may use no password.

    Likewise if the Owner or Admin who made the link could not make it any more.
    """
    reset = store.find_reset(conn, key, now)
    if reset is None:
        return None
    user = find_user(conn, reset.account_id, reset.user_id)
    if user is None or not may_choose_password(conn, user):
        return None
    if user.epoch != reset.user_epoch or not constant_time_equal(binding_of(user), reset.binding):
        return None
    return ValidReset(reset, user) if _is_backed(conn, reset, user) else None


def _is_backed(conn: Connection, reset: AnyRow, user: User) -> bool:
    """Whether a link by an Owner or Admin still has somebody behind it who may make it."""
    if reset.issued_by != "user":
        return True
    issuer = find_user(conn, reset.account_id, reset.issuer_id)
    if issuer is None or issuer.disabled or issuer.epoch != reset.issuer_epoch:
        return False
    return may_manage(issuer.role, user.role)
