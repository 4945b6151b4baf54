"""The policy of sign-ins in a change of an account: who needs a second factor from when on, and step-up."""

from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms, read_rfc3339
from linkxg.db.schema import AnyRow
from linkxg.errors import Conflict, PublicError
from linkxg.http.schema_errors import fault
from linkxg.identity.accounts import policy_store, store
from linkxg.identity.accounts.authentication_policy import (
    MAX_STEP_UP_MINUTES,
    MIN_STEP_UP_MINUTES,
    Requirement,
    required_from,
)
from linkxg.identity.accounts.roles import EVERYONE

REQUIREMENT = frozenset({"mfa_requirement", "mfa_required_from"})
Faults = list[dict[str, str]]


def check_policy(
    requirement: Requirement | UnsetType, since: str | UnsetType | None, step_up_minutes: int | UnsetType | None
) -> tuple[dict[str, Any], Faults]:
    """The columns that are given, and what is wrong with them."""
    given: dict[str, Any] = {}
    faults: Faults = []
    if requirement is not UNSET:
        given["mfa_requirement"] = requirement
    if since is not UNSET:
        at = given["mfa_required_from"] = None if since is None else read_rfc3339(str(since))
        if since is not None and at is None:
            faults.append(fault("mfaRequiredFrom", "Send a time of RFC 3339 with an offset, or null for now."))
    if step_up_minutes is not UNSET:
        given["step_up_minutes"] = step_up_minutes
        if step_up_minutes is not None and not MIN_STEP_UP_MINUTES <= int(step_up_minutes) <= MAX_STEP_UP_MINUTES:
            text = f"Step-up is after {MIN_STEP_UP_MINUTES} to {MAX_STEP_UP_MINUTES} minutes, or null for never."
            faults.append(fault("stepUpMinutes", text))
    return given, faults


def note_requirement(conn: Connection, actor: Actor, account: AnyRow, changed: dict[str, Any]) -> PublicError | None:
    """Complete `changed` by the time, and let sessions without a second factor end then.

    Access tokens of such a session that were issued before live on for at most 15 minutes.
    """
    requirement = changed.get("mfa_requirement", account.mfa_requirement)
    if requirement == "NONE":
        changed["mfa_required_from"] = None
        return None
    now = now_ms()
    since = changed.get("mfa_required_from", account.mfa_required_from) or now
    changed["mfa_required_from"] = since
    if since <= now:
        user = store.find_user(conn, account.id, actor.id or "")
        if user is None or not user.has_second_factor:
            return Conflict("Set up a second factor yourself first, or require it from a later time on.")
    roles = [role for role in EVERYONE if required_from(requirement, since, role) is not None]
    policy_store.end_sessions_at(conn, account.id, roles, max(since, now))
    return None
