"""Creates, changes and deletes people for an identity provider (RFC 7644 §3.3, §3.5, §3.6).

`active: false` disables the person: sessions and tokens end on every node once the request is answered, even if the
rest of it is refused. What a person is to become is worked out before the transaction, which other writes wait for.
Of an Owner a client may store what describes them, and end their access unless they are the last one; it can do nothing
else to an Owner, and make nobody an Owner.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import AccessDenied, Conflict, NotFound, PreconditionFailed, PublicError, TemporarilyUnavailable
from linkxg.http.etags import Conditions
from linkxg.identity.accounts.manage_user import change_person, remove_person
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.people_limit import TooManyPeople
from linkxg.identity.accounts.provision_person import provision_person, rename_person, state_profile
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.federation.model import domain_of
from linkxg.identity.federation.verify_domain import is_verified
from linkxg.identity.scim import user_store
from linkxg.identity.scim.attributes import DEFAULT_ROLE, etag_of
from linkxg.identity.scim.model import ScimUser, UserFields
from linkxg.identity.scim.person_profile import stated_profile
from linkxg.identity.scim.scim_errors import InvalidValue, NotUnique, OwnerRequired, ScimError

_NO_OWNER = "An identity provider makes nobody an Owner."
_DOMAIN = "The userName must be an address in a domain that the account has verified (PUT /api/v1/account/domains)."
_OWNER = (
    "An identity provider can change only an Owner's names, e-mails list, externalId, language and time zone, and "
    "disable them."
)
UserEdit = Callable[[ScimUser], UserFields]
"""What a person is to become; raises ScimError."""
_TRIES = 10
_STORED = ("external_id", "formatted", "given_name", "family_name", "display_name")


class ProvisionedUser(NamedTuple):
    """`left` is the address that the person had before, if they got another one; `was` is the person before.

    Of a leaver, `refused` is why nothing but their access was changed.
    """

    user: ScimUser
    was: ScimUser
    left: str | None = None
    refused: PublicError | None = None


async def create_scim_user(database: Database, actor: Actor, account_id: str, fields: UserFields) -> ScimUser:
    """Raises InvalidValue for an address in another domain, NotUnique, TooManyPeople, or AccessDenied for an Owner."""
    if fields.role == "OWNER":
        raise AccessDenied(_NO_OWNER)
    role = fields.role or DEFAULT_ROLE

    def unit(conn: Connection) -> ScimUser | PublicError:
        if not _is_own_address(conn, account_id, fields.user_name):
            return InvalidValue(_DOMAIN)
        disabled, profile = fields.active is False, stated_profile(fields)
        made = provision_person(
            conn, actor, account_id, email=fields.user_name, role=role, disabled=disabled, **profile
        )
        if made is None or isinstance(made, TooManyPeople):
            return made or NotUnique()
        user_store.update_scim_user(conn, account_id, made.id, **_values(fields), updated_at=now_ms())
        return user_store.find_scim_user(conn, account_id, made.id) or NotFound()

    return value_or_raise(await revoke_as(database, actor, account_id, unit))


async def change_scim_user(
    database: Database,
    actor: Actor,
    account_id: str,
    user_id: str,
    edit: UserEdit,
    conditions: Conditions,
    *,
    is_leaver: bool,
) -> ProvisionedUser:
    """Raises NotFound, PreconditionFailed, ScimError, NotUnique, OwnerRequired or AccessDenied; nothing is written.

    For a leaver, whose access ends nevertheless, the error is returned. Raises TemporarilyUnavailable if the person
    changes all the time.
    """
    for _ in range(_TRIES):
        seen = await database.read_single(user_store.find_scim_user, account_id, user_id)
        if seen is None:
            raise NotFound
        fields = _edited(edit, seen)
        if isinstance(fields, ScimError) and not is_leaver:
            if not conditions.allow_change(etag_of(seen)):
                raise PreconditionFailed
            raise fields
        unit = partial(_change_seen, actor, account_id, seen, fields, conditions, is_leaver)
        outcome = value_or_raise(await revoke_as(database, actor, account_id, unit))
        if outcome is not None:
            return outcome
    raise TemporarilyUnavailable("the person has changed meanwhile")


def _edited(edit: UserEdit, seen: ScimUser) -> UserFields | ScimError:
    try:
        return edit(seen)
    except ScimError as error:
        return error


def _change_seen(
    actor: Actor,
    account_id: str,
    seen: ScimUser,
    fields: UserFields | ScimError,
    conditions: Conditions,
    is_leaver: bool,
    conn: Connection,
) -> ProvisionedUser | PublicError | None:
    """None if the person is not as they were seen."""
    user = _lock_for_change(conn, account_id, seen.id, conditions)
    if isinstance(user, PublicError):
        return user
    if user != seen:
        return None
    outcome = fields if isinstance(fields, ScimError) else _change(conn, actor, account_id, user, fields)
    if not isinstance(outcome, PublicError) or not is_leaver:
        return outcome
    if not user.disabled and isinstance(change_person(conn, actor, account_id, user.id, disabled=True), PublicError):
        return OwnerRequired() if user.role == "OWNER" else outcome
    left = user_store.find_scim_user(conn, account_id, user.id)
    return outcome if left is None else ProvisionedUser(left, user, refused=outcome)


async def delete_scim_user(
    database: Database, actor: Actor, account_id: str, user_id: str, conditions: Conditions
) -> None:
    """Remove the person; what they created is kept. Raises NotFound, PreconditionFailed or AccessDenied (an Owner)."""

    def unit(conn: Connection) -> User | PublicError:
        user = _lock_for_change(conn, account_id, user_id, conditions)
        return user if isinstance(user, PublicError) else remove_person(conn, actor, account_id, user_id)

    value_or_raise(await revoke_as(database, actor, account_id, unit))


def _lock_for_change(conn: Connection, account_id: str, user_id: str, conditions: Conditions) -> ScimUser | PublicError:
    """The person, locked until the commit; NotFound, or PreconditionFailed unless the conditions hold."""
    lock_caller(conn, user_id)
    user = user_store.find_scim_user(conn, account_id, user_id)
    if user is None:
        return NotFound()
    return user if conditions.allow_change(etag_of(user)) else PreconditionFailed()


def _change(
    conn: Connection, actor: Actor, account_id: str, user: ScimUser, fields: UserFields
) -> ProvisionedUser | PublicError:
    role = fields.role if fields.role != user.role else None
    disabled = None if fields.active in (None, not user.disabled) else not fields.active
    email = fields.user_name if email_key(fields.user_name) != email_key(user.email) else None
    # A leaver's access ends whatever else the body says.
    is_leaving = fields.active is False
    if user.role == "OWNER":
        if disabled:
            role = email = None
        elif role or email or disabled is False:
            return AccessDenied(_OWNER)
    elif role == "OWNER":
        return AccessDenied(_NO_OWNER)
    if email is not None and not _is_own_address(conn, account_id, email):
        if not is_leaving:
            return InvalidValue(_DOMAIN)
        email = None
    # Of an Owner only this can fail; of anybody else only the new address.
    if user.role == "OWNER" and disabled:
        outcome = change_person(conn, actor, account_id, user.id, disabled=True)
        if isinstance(outcome, PublicError):
            return OwnerRequired() if isinstance(outcome, Conflict) else outcome
        role = disabled = None
    if email is not None and not rename_person(conn, actor, account_id, user.id, was=user.email, email=email):
        if not is_leaving:
            return NotUnique()
        email = None
    values = _values(fields)
    profile = stated_profile(fields, user)
    state_profile(conn, account_id, user.id, profile)
    changed = [name for name, value in values.items() if getattr(user, name) != value] + list(profile)
    if changed or email is not None or role is not None or disabled is not None:
        user_store.update_scim_user(conn, account_id, user.id, **values, updated_at=now_ms())
    if changed:
        audit.record(conn, account_id, actor, "user.attributes_updated", user.id, {"attributes": changed})
    if role is not None or disabled is not None:
        outcome = change_person(conn, actor, account_id, user.id, role=role, disabled=disabled)
        if isinstance(outcome, PublicError):
            return outcome
    changed_user = user_store.find_scim_user(conn, account_id, user.id)
    return NotFound() if changed_user is None else ProvisionedUser(changed_user, user, user.email if email else None)


def _is_own_address(conn: Connection, account_id: str, email: str) -> bool:
    """Whether the account has verified the domain. Asked before any person is looked up, whose address it may be."""
    return is_verified(conn, account_id, domain_of(email_key(email)))


def _values(fields: UserFields) -> dict[str, str | None]:
    """The columns of `scim_users`."""
    emails = msgspec.json.encode(fields.emails).decode() if fields.emails else None
    return {**{name: getattr(fields, name) for name in _STORED}, "emails": emails}
