"""Changes an account: how others see and find it, security contact, lifetime of secrets, what sign-ins require."""

from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import AccessDenied, Conflict, InvalidRequest, NotFound, PublicError, ValidationFailed
from linkxg.identity.accounts import slug_store, store
from linkxg.identity.accounts.authentication_policy import Requirement
from linkxg.identity.accounts.change_policy import REQUIREMENT, check_policy, note_requirement
from linkxg.identity.accounts.gln import is_gln
from linkxg.identity.accounts.model import AccountView, check_account_name, is_email
from linkxg.identity.accounts.read_account import account_view
from linkxg.identity.accounts.slug import RESERVED, is_slug
from linkxg.identity.authorization.write_as import write_as

_SLUG = "A slug has 2 to 39 of the characters a-z, 0-9 and -, and begins with a letter."
MAX_FORMER_SLUGS = 10
_TAKEN = {"field": "slug", "code": "taken", "message": "Another account has this slug."}


MAX_LIFETIME_DAYS = 3_650


class ChangedAccount(NamedTuple):
    """The account after a change, and before."""

    view: AccountView
    before: AccountView


async def change_account(
    database: Database,
    actor: Actor,
    account_id: str,
    *,
    name: str | UnsetType = UNSET,
    slug: str | UnsetType = UNSET,
    gln: str | UnsetType | None = UNSET,
    security_contact: str | UnsetType | None = UNSET,
    client_lifetime_days: int | UnsetType | None = UNSET,
    mfa_requirement: Requirement | UnsetType = UNSET,
    mfa_required_from: str | UnsetType | None = UNSET,
    step_up_minutes: int | UnsetType | None = UNSET,
) -> ChangedAccount:
    """Raises ValidationFailed for every invalid value at once, AccessDenied if an Admin changes the policy of sign-ins,
    or Conflict if another account has the slug, or the actor lacks the second factor that they require.
    """
    wanted = {
        "name": name,
        "slug": slug,
        "gln": gln,
        "security_contact": security_contact,
        "client_lifetime_days": client_lifetime_days,
    }
    given: dict[str, Any] = {field: value for field, value in wanted.items() if value is not UNSET}
    policy, faults = check_policy(mfa_requirement, mfa_required_from, step_up_minutes)
    if faults := _faults(given) + faults:
        raise ValidationFailed(details=faults)
    if policy and actor.role != "OWNER":
        raise AccessDenied("Only an Owner can change what the account requires of sign-ins.")
    given |= policy

    def unit(conn: Connection) -> ChangedAccount | PublicError:
        row = store.find_account(conn, account_id)
        if row is None:
            return NotFound()
        changed = {field: value for field, value in given.items() if getattr(row, field) != value}
        if not changed:
            return ChangedAccount(account_view(row), account_view(row))
        if REQUIREMENT & changed.keys() and (error := note_requirement(conn, actor, row, changed)) is not None:
            return error
        if "slug" in changed and (refused := _change_slug(conn, account_id, row.slug, changed["slug"])) is not None:
            return refused
        store.update_account(conn, account_id, changed)
        audit.record(conn, account_id, actor, "account.updated", account_id, changed)
        updated = store.find_account(conn, account_id)
        if updated is None:
            return NotFound()
        return ChangedAccount(account_view(updated), account_view(row))

    return value_or_raise(await write_as(database, actor, unit))


def _change_slug(conn: Connection, account_id: str, former: str, wanted: str) -> Conflict | None:
    """The former one stays the account's, so that whatever names it still finds the account."""
    if not slug_store.claim_slug(conn, wanted, account_id):
        return Conflict("Another account has this slug.", details=[_TAKEN])
    if slug_store.count_former_slugs(conn, account_id) >= MAX_FORMER_SLUGS:
        return Conflict("The slug has been changed too often: every former one stays with the account.")
    slug_store.replace_former_slug(conn, account_id, former, wanted)
    return None


def _faults(given: dict[str, Any]) -> list[dict[str, str]]:
    faults = []
    if "name" in given:
        try:
            check_account_name(given["name"])
        except InvalidRequest as error:
            faults.append({"field": "name", "code": "invalid", "message": error.description})
    if (slug := given.get("slug")) is not None and not is_slug(slug):
        reserved = slug in RESERVED
        message = "This slug is reserved." if reserved else _SLUG
        faults.append({"field": "slug", "code": "reserved" if reserved else "invalid", "message": message})
    if (gln := given.get("gln")) is not None and not is_gln(gln):
        message = "A GLN has 13 digits, of which the last is the check digit."
        faults.append({"field": "gln", "code": "invalid", "message": message})
    if (contact := given.get("security_contact")) is not None and not is_email(contact):
        message = "This is not a valid e-mail address."
        faults.append({"field": "securityContact", "code": "invalid", "message": message})
    if (days := given.get("client_lifetime_days")) is not None and not 1 <= days <= MAX_LIFETIME_DAYS:
        message = f"A lifetime is 1 to {MAX_LIFETIME_DAYS:,} days."
        faults.append({"field": "clientLifetimeDays", "code": "invalid", "message": message})
    return faults
