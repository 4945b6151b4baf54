"""`/account/sign-in-rules`: what the account requires of its people's sign-ins."""

from datetime import UTC, date, datetime, time

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import UNSET

from linkxg.clock import now_ms, read_rfc3339, rfc3339
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.confirmation_fields import CANCEL
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import ErrorLink, FormErrors
from linkxg.console.formatting import clock, count
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import FieldConflict, conflict_errors, merge, original_values
from linkxg.errors import Conflict
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.account_notices import mail_account_changed
from linkxg.identity.accounts.authentication_policy import (
    MAX_STEP_UP_MINUTES,
    MIN_STEP_UP_MINUTES,
    Requirement,
    required_from,
)
from linkxg.identity.accounts.change_account import change_account
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.model import AccountView, UserView
from linkxg.identity.accounts.read_account import read_account
from linkxg.identity.accounts.roles import OWNERS

RULES = "/account/sign-in-rules"
LABELS = {"requirement": "Who needs a second factor", "since": "From", "minutes": "Confirm sensitive actions after"}
CHOICES: dict[Requirement, str] = {
    "NONE": "Nobody",
    "ADMINISTRATORS": "Owners and Admins",
    "EVERYBODY": "Everybody",
}
SHOWN = 5
"""Names on the page that asks."""


@get(RULES, **session_roles(OWNERS))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _show(page)


@post(RULES, **session_roles(OWNERS))
async def save(page: NamedDependency[PageRequest]) -> Response[str]:
    stored = _fields(await read_account(page.database, page.account_id))
    typed = {name: page.form.text(name).strip() for name in LABELS}
    if typed["requirement"] == "NONE":
        typed["since"] = ""
    edit = merge(page.form, typed, stored)
    if edit.conflicts:
        found = conflict_errors(edit.conflicts, LABELS)
        return await _show(page, errors=found, conflicts=edit.conflicts, status=409)
    changed = edit.changed
    if errors := _faults(changed):
        return await _show(page, errors=errors, status=422)
    if not changed:
        return redirect(page, RULES, **flash_message(page, "Nothing changed."))

    async def back() -> Response[str]:
        return await _show(page)

    requirement = (stored | changed)["requirement"]
    if {"requirement", "since"} & changed.keys() and not confirmed(page):
        lacking = _lacking(await list_people(page.database, page.account_id), requirement)
        since = (stored | changed)["since"]
        if lacking and not page.form.text(CANCEL):
            if any(one.id == page.person.user_id for one in lacking) and _midnight(since) is None:
                return await _show(page, errors=_yourself_first(), status=409)
            return _ask(page, lacking, since)
    asking = await ask_step_up(page, "change the sign-in rules", back=back)
    if asking is not None:
        return asking
    return await _save(page, changed)


HANDLERS = (show, save)


async def _save(page: PageRequest, changed: dict[str, str]) -> Response[str]:
    chosen: Requirement | None = next((one for one in CHOICES if one == changed.get("requirement")), None)
    try:
        saved = await change_account(
            page.database,
            page.actor,
            page.account_id,
            mfa_requirement=chosen or UNSET,
            mfa_required_from=_midnight(changed["since"]) if "since" in changed else UNSET,
            step_up_minutes=_minutes(changed["minutes"]) if "minutes" in changed else UNSET,
        )
    except Conflict as error:
        page.context.notes |= {"error": error.code}
        return await _show(page, errors=_yourself_first(), status=error.status)
    mail_account_changed(page.services.notices, page.actor, page.account_id, saved)
    said = ", ".join(LABELS[name] for name in LABELS if name in changed)
    return redirect(page, RULES, **flash_message(page, f"Saved. {said} changed."))


def _yourself_first() -> FormErrors:
    errors = FormErrors()
    message = "You have no second factor yourself: set one up first, or choose a day from which everybody needs one."
    errors.add("since", message, ErrorLink("/account/security", "Set one up"))
    return errors


def _fields(account: AccountView) -> dict[str, str]:
    minutes = account.step_up_minutes
    since = account.mfa_required_from or ""
    return {
        "requirement": account.mfa_requirement,
        "since": since[:10],
        "minutes": "" if minutes is None else str(minutes),
    }


def _faults(changed: dict[str, str]) -> FormErrors:
    errors = FormErrors()
    if changed.get("requirement", "NONE") not in CHOICES:
        errors.add("requirement", "Choose who needs a second factor.")
    since = changed.get("since")
    if since:
        chosen = _day(since)
        if chosen is None:
            errors.add("since", "Enter a day such as 2027-06-30.")
        elif chosen < datetime.now(UTC).date():
            errors.add("since", "Choose a day in the future; empty means now.")
    if changed.get("minutes") and _minutes(changed["minutes"]) is None:
        errors.add("minutes", f"Enter {MIN_STEP_UP_MINUTES} to {MAX_STEP_UP_MINUTES:,} minutes; empty means never.")
    return errors


def _day(text: str) -> date | None:
    try:
        return msgspec.convert(text, date, strict=True)
    except msgspec.ValidationError:
        return None


def _midnight(text: str) -> str | None:
    """The beginning of that day in UTC; None, which is now, if it is past."""
    chosen = _day(text) if text else None
    if chosen is None:
        return None
    at = round(datetime.combine(chosen, time(), UTC).timestamp() * 1_000)
    return rfc3339(at) if at > now_ms() else None


def _minutes(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return int(text) if MIN_STEP_UP_MINUTES <= int(text) <= MAX_STEP_UP_MINUTES else None


def _lacking(people: list[UserView], requirement: str) -> list[UserView]:
    """Those who would need a second factor and have none, by their addresses."""
    lacking = [
        one
        for one in people
        if not one.disabled and not one.second_factor and required_from(requirement, None, one.role) is not None
    ]
    return sorted(lacking, key=lambda one: one.email)


def _ask(page: PageRequest, lacking: list[UserView], since: str) -> Response[str]:
    """Who is affected, the person themselves first, and what happens when."""
    at = _midnight(since)
    when = "now" if at is None else f"on {clock(read_rfc3339(at) or 0)}"
    others = [one.email for one in lacking if one.id != page.person.user_id]
    is_affected = len(others) < len(lacking)
    names = (["you"] if is_affected else []) + others
    further = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    people = count(len(names), "person has", "people have")
    effects = [f"{people} no second factor yet: {', '.join(names[:SHOWN])}{further}."]
    if is_affected:
        effects.append(
            f"You are one of them: your own session ends {when} too, unless you set one up before (Account, Sign-in "
            "security)."
        )
    effects.append(
        f"Sessions without one end {when}. At the next sign-in with a password everybody without one has to set it up "
        "before they can do anything else."
    )
    question = Question("Require a second factor?", effects, "Require it", "Back to the form", RULES)
    return ask_confirmation(page, question, back_to_form=True)


async def _show(
    page: PageRequest,
    *,
    errors: FormErrors | None = None,
    conflicts: dict[str, FieldConflict] | None = None,
    status: int = 200,
) -> Response[str]:
    stored = _fields(await read_account(page.database, page.account_id))
    people = await list_people(page.database, page.account_id)
    return render(
        page,
        "sign_in_rules.html",
        status=status,
        # After a conflict, the form is compared with what is stored now.
        was=stored if conflicts else original_values(page.form, stored, stored),
        filled={name: page.form.text(name) for name in LABELS} if page.form.pairs else stored,
        choices=CHOICES,
        lacking={choice: _lacking(people, choice) for choice in CHOICES if choice != "NONE"},
        without=[one for one in people if not one.disabled and not one.second_factor],
        today=f"{datetime.now(UTC):%Y-%m-%d}",
        conflicts=conflicts or {},
        errors=errors,
    )
