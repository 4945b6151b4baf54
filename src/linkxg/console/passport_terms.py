"""The terms of access to a passport, as forms have them: roles, the last day, a single use, what is below."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from linkxg.clock import rfc3339
from linkxg.console.expiry_day import NOT_A_DAY, end_of_day, expiry_fault
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.errors import PublicError
from linkxg.network.passports.access.grant_access import AccessServices
from linkxg.network.passports.access.model import GrantedRole

ROLES: dict[GrantedRole, str] = {"legitimateInterest": "Legitimate interest", "authority": "Authority"}
DEFAULT_DAYS = 90
_FIELDS = {"expiresAt": "expires"}
_ORDER = ("", "lot", "serial", "recipient", "purpose", "roles", "expires", "reason")
"""The fields of the forms, as the pages have them."""
_OWN = {
    "roles": "Choose at least one role.",
    "purpose": "Say what the access is for.",
    "recipient": "Say who gets the link.",
}


class TypedTerms(NamedTuple):
    """`expires_at` is the end of the day as an RFC 3339 time, or the text itself if it is no day."""

    roles: list[str]
    expires_at: str
    single_use: bool
    includes_below: bool


def access_services(page: PageRequest) -> AccessServices:
    return AccessServices(page.database, page.services.server_key, page.services.public_url)


def read_terms(page: PageRequest) -> TypedTerms:
    """The terms as they were typed; the verbs check them."""
    day, form = page.form.text("expires").strip(), page.form
    expires_at = day
    if day and expiry_fault(day) != NOT_A_DAY:
        expires_at = rfc3339((end_of_day(day) or 0) * 1_000)
    return TypedTerms(form.all("roles"), expires_at, form.has("single_use"), form.has("includes_below"))


def filled_terms(page: PageRequest, roles: Sequence[str]) -> dict[str, Any]:
    """The values of the controls: what was typed, or the defaults of a new form."""
    form = page.form
    if form.pairs:
        texts = {name: form.text(name) for name in _ORDER if name}
        boxes = {name: form.has(name) for name in ("single_use", "includes_below")}
        return texts | boxes | {"roles": form.all("roles")}
    day = (datetime.now(UTC).date() + timedelta(days=DEFAULT_DAYS)).isoformat()
    empty: dict[str, Any] = dict.fromkeys(_ORDER, "")
    return empty | {"roles": list(roles), "expires": day, "single_use": False, "includes_below": False}


def terms_errors(error: PublicError, page: PageRequest) -> FormErrors:
    """The faults of a check at the fields of the form, in the order of the page."""
    found = []
    for detail in error.details or ({"field": "", "code": "", "message": error.description},):
        field = _FIELDS.get(detail["field"], detail["field"])
        message = _OWN.get(field, detail["message"]) if detail["code"] == "required" else detail["message"]
        if field == "expires":
            day = page.form.text("expires").strip()
            message = (expiry_fault(day) or message) if day else "Choose the day on which access ends."
        found.append((field if field in _ORDER else "", message))
    return FormErrors(sorted(found, key=lambda one: _ORDER.index(one[0])))
