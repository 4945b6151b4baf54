"""Changes a person's password and ends their other sessions.

The current password is required; wrong ones count as failed sign-ins.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import InvalidCredentials, InvalidToken
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.password_rules import check_new_password
from linkxg.identity.accounts.store import find_account, find_user, update_password_hash
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.sessions.current_password import verify_current_password
from linkxg.identity.sessions.end_sessions import end_other_sessions


async def change_password(
    database: Database,
    passwords: Passwords,
    actor: Actor,
    *,
    account_id: str,
    user_id: str,
    session_id: str | None,
    current: str,
    new: str,
    limit_scale: float,
) -> None:
    """Raises InvalidCredentials for the current password, ValidationFailed for the new one, RateLimitExceeded."""

    def read(conn: Connection) -> tuple[User, str] | None:
        user, account = find_user(conn, account_id, user_id), find_account(conn, account_id)
        return None if user is None or account is None else (user, str(account.name))

    found = await database.read(read)
    if found is None:
        raise InvalidToken(reason="person removed")
    user, account_name = found
    check_new_password(new, account_name, user.email, field="newPassword")
    throttle = await verify_current_password(database, passwords, actor, user, current, limit_scale)
    password_hash = await passwords.hash(new)

    def unit(conn: Connection) -> bool:
        if not update_password_hash(conn, account_id, user_id, password_hash, user.password_hash):
            return False
        throttle.clear(conn)
        end_other_sessions(conn, actor, account_id, user_id, session_id or "", "password changed")
        audit.record(conn, account_id, actor, "password.changed", user_id)
        return True

    if not await revoke_as(database, actor, account_id, unit):
        raise InvalidCredentials(reason="password changed meanwhile")
