"""Mails a link to whoever forgot their password, and to whoever has none how they sign in.

The answer is given before anybody is looked up: it is the same, after the same work, for every address. The mail goes
to the stored address, never to the one that was typed.

No mailbox is filled and nobody is locked out: a person gets at most MAX_MAILED mails with a link an hour, of these at
most MAX_MAILED_LIVE in the lifetime of a link, and as many without one. So a request is dropped only while an earlier
link is valid, and a newer link does not end an older one: what strangers ask for takes nothing from the person. The
first link that is used ends all.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.secrets import PASSWORD_RESET, digest, new_secret
from linkxg.db import Database
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.errors import RateLimitExceeded
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.store import find_account, find_user_by_email
from linkxg.identity.federation.readmission import has_provider
from linkxg.identity.password_reset import store
from linkxg.identity.password_reset.compose_mail import compose_link_mail, compose_no_link_mail
from linkxg.identity.password_reset.may_choose_password import may_choose_password
from linkxg.identity.password_reset.model import (
    LIFETIME_MS,
    MAX_MAILED,
    MAX_MAILED_LIVE,
    WINDOW_MS,
    IssuedBy,
    binding_of,
)
from linkxg.ids import uuid7

SOURCE_REQUESTS = Budget("password-reset-source", 20, 60)
ADDRESS_REQUESTS = Budget("password-reset-address", 10, 60)
"""Requests for one address that are looked up.

Those beyond are dropped without loss: within the minute, the earlier ones have mailed whatever the person may get."""
LINK, BY_COMPANY, NO_PASSWORD_HERE = "link", "company sign-in", "no password"
"""What is mailed: a link, that the company signs the person in, or that they have no password."""
_QUEUE = "password resets"
"""The queue's share of all requests together: the account is not known."""


class ResetMails:
    """Takes requests for a link by mail."""

    def __init__(self, database: Database, mails: MailQueue, limits: Limits, public_url: str) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits
        self._public_url = public_url

    @property
    def enabled(self) -> bool:
        return self._mails.enabled

    async def _compose(self, actor: Actor, answer: "_Answer", token: str) -> tuple[str, str]:
        """The subject and the text of the mail."""
        user = answer.user
        account = await self._database.read_single(find_account, user.account_id)
        name = shown(account.name) if account is not None else ""
        if answer.kind != LINK:
            return compose_no_link_mail(actor, user, name, self._public_url, by_company=answer.kind == BY_COMPANY)
        return compose_link_mail(actor, user, name, self._public_url, token)

    async def request(self, actor: Actor, email: str) -> None:
        """Mail the person of this address, if there is one who is enabled. Raises InvalidRequest for no address."""
        key = email_key(email)
        try:
            await self._limits.spend(ADDRESS_REQUESTS, digest(key).hex())
        except RateLimitExceeded:
            # No error: it would tell the person that somebody else asks for them.
            return
        reset_id, token = uuid7(), new_secret(PASSWORD_RESET)
        account_id = ""

        async def compose() -> list[Mail]:
            nonlocal account_id
            answer = await self._database.write(_issue, actor, key, reset_id, digest(token))
            if answer is None:
                return []
            account_id = answer.user.account_id
            return [Mail(answer.user.email, *await self._compose(actor, answer, token))]

        async def forget() -> None:
            await self._database.write(store.delete_reset, account_id, reset_id)

        self._mails.send(_QUEUE, compose, on_refused=forget)


class _Answer(NamedTuple):
    user: User
    kind: str


def _issue(conn: Connection, actor: Actor, key: str, reset_id: str, token_digest: bytes) -> _Answer | None:
    """Record what is mailed to the person of this address; None if there is none or they have had enough mails.

    The row of a mail without a link has ended from the beginning: it is counted, and its token was given to nobody.
    """
    user = find_user_by_email(conn, key)
    if user is None or user.disabled:
        return None
    lock_until_commit(conn, f"password reset {user.id}")
    now, kind = now_ms(), _kind(conn, user)
    issued_by: IssuedBy = "mail" if kind == LINK else "notice"
    mailed = store.list_mailed_times(conn, user.account_id, user.id, issued_by, now - WINDOW_MS)
    if len(mailed) >= MAX_MAILED or sum(at > now - LIFETIME_MS for at in mailed) >= MAX_MAILED_LIVE:
        return None
    store.insert_reset(
        conn,
        user.account_id,
        id=reset_id,
        digest=token_digest,
        user_id=user.id,
        user_epoch=user.epoch,
        binding=binding_of(user),
        issued_by=issued_by,
        created_at=now,
        expires_at=now + LIFETIME_MS if kind == LINK else now,
    )
    audit.record(conn, user.account_id, actor, "password.reset_requested", user.id, {"reset": reset_id, "mailed": kind})
    return _Answer(user, kind)


def _kind(conn: Connection, user: User) -> str:
    if user.password_hash and may_choose_password(conn, user):
        return LINK
    return BY_COMPANY if has_provider(conn, user.account_id) else NO_PASSWORD_HERE
