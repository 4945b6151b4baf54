"""Changes a password by a link: every session and token of the person ends, and nobody is signed in.

A second factor stays as it is: the next sign-in asks for it.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.crypto.secrets import PASSWORD_RESET, digest, is_well_formed
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.one_time_link import dead_link
from linkxg.identity.accounts.password_rules import check_new_password
from linkxg.identity.accounts.replace_password import replace_password
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_account
from linkxg.identity.authorization.store import lock_account
from linkxg.identity.password_reset import store
from linkxg.identity.password_reset.find_valid import ValidReset, find_valid
from linkxg.identity.password_reset.model import ResetPerson
from linkxg.identity.sessions.sign_in_notices import mail_password_changed
from linkxg.identity.sessions.throttle import throttle_of

COMPLETIONS = Budget("password-reset-links-source", 60, 60)


async def read_reset(database: Database, token: str) -> ResetPerson:
    """The person of a link, which stays unused. Raises NotFound."""
    found = await _find(database, token)
    if found is None:
        raise dead_link("no such reset")
    return found[1]


async def complete_reset(
    database: Database,
    passwords: Passwords,
    notices: SecurityNotices,
    actor: Actor,
    *,
    token: str,
    password: str,
    limit_scale: float,
) -> None:
    """Raises NotFound for the link, and ValidationFailed for the password, which leaves the link unused."""
    found = await _find(database, token)
    if found is None:
        raise dead_link("no such reset")
    seen, person = found
    account_id, user_id = seen.user.account_id, seen.user.id
    check_new_password(password, *person, field="newPassword")
    password_hash = await passwords.hash(password)
    key = digest(token)

    def unit(conn: Connection) -> bool:
        # The locks of a revocation, in the order of `revoke_as`: the link may rest on an administrator's rights.
        lock_account(conn, account_id)
        lock_caller(conn, user_id)
        now = now_ms()
        valid = find_valid(conn, key, now)
        if valid is None or not store.redeem_reset(conn, key, now):
            return False
        replace_password(conn, account_id, user_id, password_hash)
        throttle_of(email_key(valid.user.email), actor.source, limit_scale).clear(conn)
        details = {"reset": valid.reset.id, "issued_by": valid.reset.issued_by}
        audit.record(conn, account_id, actor, "password.changed", user_id, details)
        return True

    if not await database.write(unit):
        raise dead_link("reset used meanwhile")
    mail_password_changed(notices, actor, account_id, user_id, by_link=True)


async def _find(database: Database, token: str) -> tuple[ValidReset, ResetPerson] | None:
    if not is_well_formed(token, PASSWORD_RESET):
        return None
    key = digest(token)

    def unit(conn: Connection) -> tuple[ValidReset, ResetPerson] | None:
        valid = find_valid(conn, key, now_ms())
        account = None if valid is None else find_account(conn, valid.user.account_id)
        if valid is None or account is None:
            return None
        return valid, ResetPerson(str(account.name), valid.user.email)

    return await database.read(unit)
