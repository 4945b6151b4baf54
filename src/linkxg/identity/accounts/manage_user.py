"""Changes a person's role, disables, enables and removes people.

A change that reduces a person's permissions begins their next epoch, which invalidates their sessions and tokens on
every node, and ends the invitations that they made. The last enabled Owner cannot be demoted, disabled or removed: the
account row is locked for that check (`revoke_as`).
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database, invalidation_feed
from linkxg.db.caller_lock import lock_caller
from linkxg.db.invalidation_feed import GONE, USER
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import AccessDenied, Conflict, NotFound, PublicError
from linkxg.identity.accounts import store
from linkxg.identity.accounts.break_glass_store import is_last_break_glass_owner
from linkxg.identity.accounts.email_change_store import end_email_changes_of
from linkxg.identity.accounts.model import NO_PASSWORD, User, UserView
from linkxg.identity.accounts.next_epoch import begin_next_epoch
from linkxg.identity.accounts.roles import RANK, Role, may_manage
from linkxg.identity.authorization.end_reasons import EndReason
from linkxg.identity.authorization.write_as import revoke_as

LAST_OWNER = "The last Owner cannot be demoted, disabled or removed. Make somebody else an Owner first."
LAST_BREAK_GLASS_OWNER = (
    "The last Owner who keeps a password while people sign in by the identity provider only cannot be demoted, "
    "disabled or removed. Choose another one first, under Single sign-on."
)


class ChangedUser(NamedTuple):
    """A person after a change, and their role before; `was_disabled` says whether they were."""

    view: UserView
    former_role: Role
    was_disabled: bool


async def list_people(database: Database, account_id: str) -> list[UserView]:
    return [user_view(user) for user in await database.read_single(store.list_users, account_id)]


async def find_owner_refusal(database: Database, account_id: str, user_id: str) -> str | None:
    """Why this Owner cannot be demoted, disabled or removed; None if they can. For pages, before anything is asked."""

    def unit(conn: Connection) -> str | None:
        user = store.find_user(conn, account_id, user_id)
        if user is None or user.role != "OWNER":
            return None
        if not user.disabled and not store.count_other_owners(conn, account_id, user_id):
            return LAST_OWNER
        return LAST_BREAK_GLASS_OWNER if is_last_break_glass_owner(conn, account_id, user_id) else None

    return await database.read(unit)


async def change_user(
    database: Database,
    actor: Actor,
    account_id: str,
    user_id: str,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    expected: Role | None = None,
) -> ChangedUser:
    """Raises NotFound, AccessDenied (an Admin changes an Owner) or Conflict (the last Owner).

    Also Conflict if the role is no longer `expected`, the one shown in the form.
    """

    def unit(conn: Connection) -> ChangedUser | PublicError:
        before = store.find_user(conn, account_id, user_id)
        changed = change_person(conn, actor, account_id, user_id, role=role, disabled=disabled, expected=expected)
        if before is None or isinstance(changed, PublicError):
            return changed if isinstance(changed, PublicError) else NotFound()
        return ChangedUser(user_view(changed), before.role, before.disabled)

    return value_or_raise(await revoke_as(database, actor, account_id, unit))


def change_person(
    conn: Connection,
    actor: Actor,
    account_id: str,
    user_id: str,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    expected: Role | None = None,
) -> User | PublicError:
    """`change_user` inside a unit of work; after an error nothing is written."""
    lock_caller(conn, user_id)
    user = store.find_user(conn, account_id, user_id)
    if user is None:
        return NotFound()
    # A leaver may be an Owner: their identity provider ends their access, and can do nothing else to them.
    is_leaving = actor.kind == "scim" and disabled is True and role is None
    if not is_leaving and not (may_manage(actor.role, user.role) and may_manage(actor.role, role or user.role)):
        return AccessDenied("Only an Owner can change an Owner.")
    loses_owner = user.role == "OWNER" and (bool(disabled) or role not in (None, "OWNER"))
    if loses_owner and not user.disabled and not store.count_other_owners(conn, account_id, user_id):
        return Conflict(LAST_OWNER)
    if expected is not None and user.role != expected:
        return Conflict("Somebody else has changed the role in the meantime.")
    if (loses_owner or disabled) and is_last_break_glass_owner(conn, account_id, user_id):
        return Conflict(LAST_BREAK_GLASS_OWNER)
    changed: dict[str, Any] = {}
    if role is not None and role != user.role:
        changed["role"] = role
    if disabled is not None and disabled != user.disabled:
        changed["disabled"] = disabled
    if changed:
        reason: EndReason = "access ended" if "disabled" in changed else "role changed"
        begin_next_epoch(conn, account_id, user_id, reason, **changed)
    is_reduced = changed.get("disabled", False) or RANK[changed.get("role", user.role)] < RANK[user.role]
    ended = _end_invitations(conn, account_id, user_id) if is_reduced else {}
    if changed.get("disabled"):
        # Not just refused while they are disabled: it would go on if they came back. Password links end with the epoch.
        end_email_changes_of(conn, account_id, user_id, now_ms())
    # Last, as everywhere: it locks the chain, which all writers of the account share.
    if "role" in changed:
        audit.record(conn, account_id, actor, "user.role_changed", user_id, {"from": user.role, "to": role} | ended)
    if "disabled" in changed:
        audit.record(conn, account_id, actor, "user.disabled" if disabled else "user.enabled", user_id, ended)
    return store.find_user(conn, account_id, user_id) or NotFound()


async def remove_user(database: Database, actor: Actor, account_id: str, user_id: str) -> None:
    """Raises as `change_user` does. What the person created is kept."""

    def unit(conn: Connection) -> User | PublicError:
        return remove_person(conn, actor, account_id, user_id)

    value_or_raise(await revoke_as(database, actor, account_id, unit))


def remove_person(conn: Connection, actor: Actor, account_id: str, user_id: str) -> User | PublicError:
    """`remove_user` inside a unit of work; after an error nothing is written."""
    lock_caller(conn, user_id)
    user = store.find_user(conn, account_id, user_id)
    if user is None:
        return NotFound()
    if not may_manage(actor.role, user.role):
        return AccessDenied("Only an Owner can remove an Owner.")
    if user.role == "OWNER" and not store.count_other_owners(conn, account_id, user_id):
        return Conflict(LAST_OWNER)
    if is_last_break_glass_owner(conn, account_id, user_id):
        return Conflict(LAST_BREAK_GLASS_OWNER)
    store.delete_user(conn, account_id, user_id)
    ended = _end_invitations(conn, account_id, user_id)
    invalidation_feed.append(conn, account_id, USER, user_id, GONE)
    audit.record(conn, account_id, actor, "user.removed", user_id, {"role": user.role} | ended)
    return user


def _end_invitations(conn: Connection, account_id: str, user_id: str) -> dict[str, Any]:
    """End a person's pending invitations; returns audit details, a count because there may be thousands."""
    count = store.end_invitations_by(conn, account_id, user_id, now_ms())
    return {"invitations_ended": count} if count else {}


def user_view(user: User) -> UserView:
    return UserView(
        user.id,
        user.email,
        user.name,
        user.role,
        user.disabled,
        rfc3339(user.created_at),
        user.has_second_factor,
        user.password_hash != NO_PASSWORD,
    )
