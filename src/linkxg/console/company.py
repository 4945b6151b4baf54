"""`/account/company`: the name, short name and GLN of the account, its security contact, the lifetime of secrets."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import UNSET

from linkxg.catalog.identifiers.read_typed import typed_gln
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import FieldConflict, conflict_errors, merge, original_values
from linkxg.errors import Conflict, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.account_notices import mail_account_changed
from linkxg.identity.accounts.change_account import change_account
from linkxg.identity.accounts.model import AccountView
from linkxg.identity.accounts.read_account import read_account
from linkxg.identity.accounts.roles import ADMINISTRATORS

COMPANY = "/account/company"
LABELS = {
    "name": "Name",
    "slug": "Short name",
    "gln": "GLN",
    "security_contact": "Security contact",
    "client_lifetime_days": "Lifetime of secrets",
}
_FIELDS = {"securityContact": "security_contact", "clientLifetimeDays": "client_lifetime_days"}
"""The names of the API."""
_SHORT_NAME = {
    "invalid": "A short name has 2 to 39 of the characters a-z, 0-9 and -, and begins with a letter.",
    "reserved": "This short name is reserved.",
    "taken": "Another account has this short name.",
}
"""The API calls it slug."""


@get(COMPANY, **session_roles(ADMINISTRATORS))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _show(page)


@post(COMPANY, **session_roles(ADMINISTRATORS))
async def save(page: NamedDependency[PageRequest]) -> Response[str]:
    stored = _fields(await read_account(page.database, page.account_id))
    typed = {name: page.form.text(name).strip() for name in LABELS}
    edit = merge(page.form, typed | {"gln": typed_gln(typed["gln"])}, stored)
    if edit.conflicts:
        found = conflict_errors(edit.conflicts, LABELS)
        return await _show(page, errors=found, conflicts=edit.conflicts, status=409)
    if not edit.changed:
        return redirect(page, COMPANY, **flash_message(page, "Nothing changed."))

    async def back() -> Response[str]:
        return await _show(page)

    asking = await ask_step_up(page, "change the company", back=back)
    if asking is not None:
        return asking
    changed = edit.changed
    try:
        saved = await change_account(
            page.database,
            page.actor,
            page.account_id,
            name=changed.get("name", UNSET),
            slug=changed.get("slug", UNSET),
            gln=changed["gln"] or None if "gln" in changed else UNSET,
            security_contact=changed["security_contact"] or None if "security_contact" in changed else UNSET,
            client_lifetime_days=_days(changed["client_lifetime_days"]) if "client_lifetime_days" in changed else UNSET,
        )
    except (Conflict, ValidationFailed) as error:
        found = FormErrors([(_FIELDS.get(one["field"], one["field"]), _message(one)) for one in error.details or ()])
        return await _show(page, errors=found, status=error.status)
    mail_account_changed(page.services.notices, page.actor, page.account_id, saved)
    said = ", ".join(LABELS[name] for name in LABELS if name in changed)
    return redirect(page, COMPANY, **flash_message(page, f"Saved. {said} changed."))


HANDLERS = (show, save)


def _fields(account: AccountView) -> dict[str, str]:
    days = account.client_lifetime_days
    return {
        "name": account.name,
        "slug": account.slug,
        "gln": account.gln or "",
        "security_contact": account.security_contact or "",
        "client_lifetime_days": "" if days is None else str(days),
    }


def _days(text: str) -> int | None:
    """The number; 0, which is refused, for anything else that is not empty."""
    return (int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0) if text else None


async def _show(
    page: PageRequest,
    *,
    errors: FormErrors | None = None,
    conflicts: dict[str, FieldConflict] | None = None,
    status: int = 200,
) -> Response[str]:
    stored = _fields(await read_account(page.database, page.account_id))
    filled = {name: page.form.text(name) for name in LABELS} if page.form.pairs else stored
    return render(
        page,
        "company.html",
        status=status,
        # After a conflict, the form is compared with what is stored now.
        was=stored if conflicts else original_values(page.form, stored, stored),
        filled=filled,
        conflicts=conflicts or {},
        errors=errors,
    )


def _message(fault: dict[str, str]) -> str:
    return _SHORT_NAME[fault["code"]] if fault["field"] == "slug" else fault["message"]
