"""Changes of the e-mail address by which a person signs in: confirmed at the new and at the present address.

Both get a link with a token of its own, of which only digests are stored. The second confirmation makes the change; one
refusal ends it. For a person who has lost the present mailbox, an Owner confirms in its place, unless the person is an
Owner too. A new password ends a change that waits. Sessions go on: no token holds the address.
"""

from typing import Any, ClassVar, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import DAY, now_ms, rfc3339
from linkxg.crypto.secrets import EMAIL_CHANGE, digest, is_well_formed, new_secret
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.outcomes import value_or_raise
from linkxg.db.schema import AnyRow
from linkxg.errors import AccessDenied, Conflict, NotFound, PublicError
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts import email_change_store as store
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.one_time_link import dead_link
from linkxg.identity.accounts.store import find_account, find_user, find_user_by_email, update_email
from linkxg.identity.authorization.write_as import revoke_as, write_as
from linkxg.ids import uuid7

EMAIL_CHANGE_LINKS = Budget("email-changes-source", 60, 60)
LIFETIME_MS = DAY
Side = Literal["old", "new"]


class EmailChangeView(msgspec.Struct, rename="camel"):
    """A change that waits, and which address has confirmed it; an Owner may have done so for the present one."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "newEmail": "ada.new@example.com",
        "newAddressConfirmed": False,
        "presentAddressConfirmed": True,
    }

    new_email: str
    new_address_confirmed: bool
    present_address_confirmed: bool
    expires_at: str


class BegunChange(NamedTuple):
    """The tokens for the two mails; `is_used` says that somebody has the new address, who gets no token."""

    view: EmailChangeView
    old_token: str
    new_token: str
    is_used: bool


class LinkedChange(NamedTuple):
    """What the holder of a link may see. `confirmed` says that this side has confirmed already."""

    side: Side
    account_name: str
    old_email: str
    new_email: str
    confirmed: bool


class ChangedEmail(NamedTuple):
    """A confirmation; `done` says that it was the second one, and the address has changed."""

    account_id: str
    user_id: str
    old_email: str
    new_email: str
    done: bool


def begin_email_change(conn: Connection, actor: Actor, user: User, new_email: str) -> BegunChange:
    """Inside a unit of work: replace the person's change that waits, if any, by this one.

    The same rows are written if the address is in use: nobody learns that from a change.
    """
    now, key = now_ms(), email_key(new_email)
    old_token, new_token, change_id = new_secret(EMAIL_CHANGE), new_secret(EMAIL_CHANGE), uuid7()
    is_used = find_user_by_email(conn, key) is not None
    store.end_email_changes_of(conn, user.account_id, user.id, now)
    store.insert_email_change(
        conn,
        user.account_id,
        id=change_id,
        user_id=user.id,
        old_email=user.email,
        old_email_key=email_key(user.email),
        new_email=new_email,
        new_email_key=key,
        old_digest=digest(old_token),
        new_digest=digest(new_token),
        password_digest=digest(user.password_hash),
        created_at=now,
        expires_at=now + LIFETIME_MS,
    )
    audit.record(conn, user.account_id, actor, "email.change_requested", user.id, {"to": new_email})
    view = EmailChangeView(new_email, False, False, rfc3339(now + LIFETIME_MS))
    return BegunChange(view, old_token, new_token, is_used)


async def find_email_change(database: Database, account_id: str, user_id: str) -> EmailChangeView | None:
    """The person's change that waits."""
    return await database.read(waiting_email_change, account_id, user_id)


def waiting_email_change(conn: Connection, account_id: str, user_id: str) -> EmailChangeView | None:
    """Inside a unit of work: the person's change that waits."""
    found = store.find_email_change_of(conn, account_id, user_id, now_ms())
    return _view(found) if found is not None and _person(conn, found) is not None else None


async def read_linked_change(database: Database, token: str) -> LinkedChange:
    """Raises NotFound for a token that is wrong, expired or of a change that has ended."""

    def unit(conn: Connection) -> LinkedChange | None:
        found = _find(conn, token)
        if found is None:
            return None
        side = _side(found, token)
        account = find_account(conn, found.account_id)
        confirmed = found.old_confirmed_at if side == "old" else found.new_confirmed_at
        name = str(account.name) if account else ""
        return LinkedChange(side, name, found.old_email, found.new_email, confirmed is not None)

    found = await database.read(unit)
    if found is None:
        raise dead_link()
    return found


async def confirm_email_change(database: Database, actor: Actor, token: str) -> ChangedEmail:
    """Confirm by the token of a link, once. Raises NotFound as `read_linked_change` does, or Conflict.

    Conflict if somebody has taken the address since.
    """

    def unit(conn: Connection) -> ChangedEmail | PublicError:
        change = _find(conn, token)
        if change is None:
            return dead_link()
        # After the writes that may end the change, such as another password.
        lock_caller(conn, change.user_id, shared=True)
        change = _find(conn, token)
        if change is None:
            return dead_link()
        who = _as_person(actor, change)
        outcome = _confirm(conn, who, change, **{f"{_side(change, token)}_confirmed_at": now_ms()})
        return dead_link() if isinstance(outcome, NotFound) else outcome

    return value_or_raise(await database.write(unit))


async def decline_email_change(database: Database, actor: Actor, token: str) -> None:
    """End the change. Raises NotFound as `read_linked_change` does."""

    def unit(conn: Connection) -> bool:
        change = _find(conn, token)
        if change is None or not store.end_email_change(conn, change.account_id, change.id, now_ms()):
            return False
        side = "the present address" if _side(change, token) == "old" else "the new address"
        who = _as_person(actor, change)
        audit.record(conn, change.account_id, who, "email.change_declined", change.user_id, {"by": side})
        return True

    if not await database.write(unit):
        raise dead_link()


async def cancel_email_change(database: Database, actor: Actor, account_id: str, user_id: str) -> None:
    """End one's own change. Raises NotFound if none waits."""

    def unit(conn: Connection) -> bool:
        if not store.end_email_changes_of(conn, account_id, user_id, now_ms()):
            return False
        audit.record(conn, account_id, actor, "email.change_declined", user_id, {"by": "the person"})
        return True

    if not await write_as(database, actor, unit):
        raise NotFound


def end_leaked_change(conn: Connection, actor: Actor, account_id: str, user_id: str, change_id: str) -> bool:
    """Inside a unit of work: end a change one of whose links somebody else may have read; false if it has ended."""
    if not store.end_email_change(conn, account_id, change_id, now_ms()):
        return False
    audit.record(conn, account_id, actor, "email.change_declined", user_id, {"by": "a secret scanner"})
    return True


async def approve_email_change(
    database: Database, actor: Actor, account_id: str, user_id: str, new_email: str
) -> ChangedEmail:
    """Confirm in place of the present address, whose mailbox is lost: by an Owner, for anybody but an Owner.

    Raises NotFound without a change to `new_email` that waits for it, AccessDenied or Conflict.
    """
    key = email_key(new_email)

    def unit(conn: Connection) -> ChangedEmail | PublicError:
        user = find_user(conn, account_id, user_id)
        change = store.find_email_change_of(conn, account_id, user_id, now_ms())
        if user is None or change is None or change.new_email_key != key or _person(conn, change) is None:
            return NotFound()
        if actor.role != "OWNER" or user.role == "OWNER":
            return AccessDenied("Only an Owner can approve this, and not for an Owner.")
        values = {"old_confirmed_at": now_ms(), "approved_by": actor.id}
        confirmed = _confirm(conn, actor, change, **values)
        if isinstance(confirmed, ChangedEmail):
            audit.record(conn, account_id, actor, "email.change_approved", user_id, {"to": change.new_email})
        return confirmed

    return value_or_raise(await revoke_as(database, actor, account_id, unit))


def _confirm(conn: Connection, actor: Actor, change: AnyRow, **values: Any) -> ChangedEmail | PublicError:
    """Of two concurrent confirmations, the later one sees the earlier, and makes the change."""
    now = now_ms()
    confirmed = store.confirm_email_change(conn, change.account_id, change.id, now, **values)
    if confirmed is None:
        return NotFound()
    done = confirmed.old_confirmed_at is not None and confirmed.new_confirmed_at is not None
    if done:
        store.end_email_change(conn, change.account_id, change.id, now)
        if not update_email(
            conn,
            change.account_id,
            change.user_id,
            email=change.new_email,
            key=change.new_email_key,
            was=change.old_email_key,
        ):
            return Conflict("The address can no longer be changed to this one. Ask for the change again.")
        details = {"from": change.old_email, "to": change.new_email}
        audit.record(conn, change.account_id, actor, "email.changed", change.user_id, details)
    return ChangedEmail(change.account_id, change.user_id, change.old_email, change.new_email, done)


def _find(conn: Connection, token: str) -> AnyRow | None:
    """The live change with this token."""
    if not is_well_formed(token, EMAIL_CHANGE):
        return None
    found = store.find_email_change(conn, digest(token), now_ms())
    return found if found is not None and _person(conn, found) is not None else None


def _person(conn: Connection, change: AnyRow) -> User | None:
    """The person, if they are enabled and have the password with which they asked for the change."""
    user = find_user(conn, change.account_id, change.user_id)
    if user is None or user.disabled or digest(user.password_hash) != change.password_digest:
        return None
    return user


def _side(change: AnyRow, token: str) -> Side:
    return "old" if digest(token) == change.old_digest else "new"


def _as_person(actor: Actor, change: AnyRow) -> Actor:
    return actor._replace(kind="user", id=change.user_id, account_id=change.account_id)


def _view(change: AnyRow) -> EmailChangeView:
    return EmailChangeView(
        change.new_email,
        change.new_confirmed_at is not None,
        change.old_confirmed_at is not None,
        rfc3339(change.expires_at),
    )
