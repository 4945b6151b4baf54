"""Requests the link of a sign-up.

Answer, statements and time are the same whether or not the address has an account (OWASP ASVS 6.3.8); only the mail
tells. A mailbox gets few mails an hour, and the table has a bound: beyond it the oldest rows are deleted, so that a
flood shortens the life of links, but cannot close the service to others.
"""

from sqlalchemy import Connection

from linkxg.clock import HOUR, now_ms
from linkxg.crypto.secrets import SIGN_UP, digest, new_secret
from linkxg.db import Database
from linkxg.errors import InvalidRequest, ValidationFailed
from linkxg.identity.accounts.mail_budgets import mailbox_of
from linkxg.identity.accounts.model import email_key
from linkxg.identity.sign_up import store
from linkxg.identity.sign_up.mails import SignUpMails
from linkxg.identity.sign_up.model import LIFETIME_MS, MAILS, MAX_PENDING, SignUpMode, SignUpRequested


async def request_sign_up(
    database: Database, mails: SignUpMails, mode: SignUpMode, *, email: str, limit_scale: float
) -> SignUpRequested:
    """Raises SignUpDisabled, or ValidationFailed for an invalid address."""
    mode.require_open()
    try:
        key = email_key(email)
    except InvalidRequest as error:
        message = "This is not a valid e-mail address."
        raise ValidationFailed(details=[{"field": "email", "code": "invalid", "message": message}]) from error
    token, mailbox, allowed = new_secret(SIGN_UP), mailbox_of(email), max(1, int(MAILS.amount * limit_scale))

    def unit(conn: Connection) -> bool:
        store.lock_sign_ups(conn)
        now = now_ms()
        if store.count_sign_ups(conn, mailbox, now - HOUR) >= allowed:
            return False
        store.insert_sign_up(
            conn,
            digest=digest(token),
            email=email,
            email_key=key,
            mailbox=mailbox,
            created_at=now,
            expires_at=now + LIFETIME_MS,
        )
        store.delete_oldest(conn, MAX_PENDING)
        return True

    if await database.write(unit):
        mails.requested(email, key, token)
    return SignUpRequested(email)
