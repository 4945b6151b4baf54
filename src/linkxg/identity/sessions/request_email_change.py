"""Begins the change of a person's e-mail address, after their password; links are mailed to both addresses."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, InvalidCredentials, InvalidToken, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.email_change_mails import EmailChangeMails
from linkxg.identity.accounts.email_changes import BegunChange, EmailChangeView, begin_email_change
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.store import find_user
from linkxg.identity.authorization.write_as import write_as
from linkxg.identity.sessions.current_password import verify_current_password

EMAIL_CHANGES = Budget("email-changes", 10, 3_600)
NO_MAIL = "This service sends no mail, by which a change of e-mail address is confirmed: set LINKXG_SMTP_URL."
_SAME = "This is your e-mail address already."


async def request_email_change(
    database: Database,
    passwords: Passwords,
    mails: EmailChangeMails,
    actor: Actor,
    *,
    account_id: str,
    user_id: str,
    new_email: str,
    password: str,
    limit_scale: float,
) -> EmailChangeView:
    """The answer is the same whether somebody has the new address or not.

    Raises Conflict without a mail server, InvalidRequest for an invalid address, ValidationFailed for the present one,
    InvalidCredentials or RateLimitExceeded.
    """
    key = email_key(new_email)
    user = await database.read_single(find_user, account_id, user_id)
    if user is None:
        raise InvalidToken(reason="person removed")
    if key == email_key(user.email):
        raise ValidationFailed(_SAME, details=[{"field": "newEmail", "code": "same", "message": _SAME}])
    throttle = await verify_current_password(database, passwords, actor, user, password, limit_scale)

    def unit(conn: Connection) -> BegunChange | PublicError:
        if not mails.enabled:
            return Conflict(NO_MAIL)
        current = find_user(conn, account_id, user_id)
        if current is None or (current.password_hash, current.email) != (user.password_hash, user.email):
            return InvalidCredentials(reason="changed meanwhile")
        throttle.clear(conn)
        return begin_email_change(conn, actor, user, new_email)

    begun = value_or_raise(await write_as(database, actor, unit))
    mails.asked(actor, user, begun)
    return begun.view
