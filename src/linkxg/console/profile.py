"""`/account/profile`: the signed-in person's name, language, time zone and e-mail address."""

from litestar import Response, get, post
from litestar.di import NamedDependency

from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.three_way_merge import FieldConflict, conflict_errors, merge, original_values
from linkxg.console.time_zone_choices import zone_choices
from linkxg.errors import Conflict, InvalidCredentials, InvalidRequest, NotFound, RateLimitExceeded, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.email_changes import cancel_email_change
from linkxg.identity.accounts.profile import change_profile, list_chosen_time_zones
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.sessions.current_password import has_password
from linkxg.identity.sessions.password_size import is_too_long
from linkxg.identity.sessions.request_email_change import EMAIL_CHANGES, request_email_change
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.sessions.whoami import Me, who_am_i

PROFILE = "/account/profile"
EMAIL = f"{PROFILE}/email"
LABELS = {"name": "Name", "language": "Language", "time_zone": "Time zone"}
LANGUAGES = {
    "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français",
    "it": "Italiano", "hu": "Magyar", "nl": "Nederlands", "nb": "Norsk bokmål", "pl": "Polski", "pt": "Português",
    "ro": "Română", "fi": "Suomi", "sv": "Svenska", "tr": "Türkçe", "uk": "Українська",
}  # fmt: skip
"""Those offered; the API takes any tag of BCP 47."""
_FIELDS = {"timeZone": "time_zone", "newEmail": "new_email"}


@get(PROFILE, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _show(page)


@post(PROFILE, **session_roles(EVERYONE))
async def save(page: NamedDependency[PageRequest]) -> Response[str]:
    stored = _stored(await _me(page))
    edit = merge(page.form, {name: page.form.text(name).strip() for name in LABELS}, stored)
    if edit.conflicts:
        found = conflict_errors(edit.conflicts, LABELS)
        return await _show(page, errors=found, conflicts=edit.conflicts, status=409)
    try:
        changed = {name: value or None for name, value in edit.changed.items()}
        await change_profile(page.database, page.actor, page.account_id, page.person.user_id, **changed)
    except ValidationFailed as error:
        return await _show(page, errors=_errors(error), status=422)
    return redirect(page, PROFILE, done="profile")


@post(EMAIL, **session_roles(EVERYONE))
async def change_email(page: NamedDependency[PageRequest]) -> Response[str]:
    user_id, services = page.person.user_id, page.services
    if page.form.text("act") == "cancel":
        try:
            await cancel_email_change(page.database, page.actor, page.account_id, user_id)
        except NotFound:
            return redirect(page, PROFILE)
        return redirect(page, PROFILE, done="email-cancelled")
    password = page.form.text("current_password")
    try:
        await services.limits.spend(EMAIL_CHANGES, caller_key(page.account_id, user_id))
        await services.limits.spend(SOURCE_LOGINS, source_key(page.context.source))
        if is_too_long(password):
            raise InvalidCredentials("The current password is incorrect.")
        await request_email_change(
            page.database,
            services.passwords,
            services.email_changes,
            page.actor,
            account_id=page.account_id,
            user_id=user_id,
            new_email=page.form.text("new_email").strip(),
            password=password,
            limit_scale=services.limit_scale,
        )
    except RateLimitExceeded as error:
        return await _show(page, errors=wait_for_budget(error), status=error.status)
    except Conflict as error:
        return await _show(page, errors=whole_form(error.description), status=error.status)
    except InvalidCredentials as error:
        # No 401: it would have to carry a challenge, and the person is signed in.
        page.context.notes |= {"error": error.code, "reason": error.reason}
        return await _show(page, errors=FormErrors([("current_password", error.description)]), status=422)
    except InvalidRequest:
        message = "The address is not a valid e-mail address."
        return await _show(page, errors=FormErrors([("new_email", message)]), status=422)
    except ValidationFailed as error:
        return await _show(page, errors=_errors(error), status=422)
    return redirect(page, PROFILE, done="email-asked")


HANDLERS = (show, save, change_email)


async def _me(page: PageRequest) -> Me:
    return await who_am_i(page.database, page.account_id, page.person.user_id)


def _stored(me: Me) -> dict[str, str]:
    return {"name": me.name or "", "language": me.language or "", "time_zone": me.time_zone or ""}


def _errors(error: ValidationFailed) -> FormErrors:
    return FormErrors([(_FIELDS.get(one["field"], one["field"]), one["message"]) for one in error.details or ()])


async def _show(
    page: PageRequest,
    *,
    errors: FormErrors | None = None,
    conflicts: dict[str, FieldConflict] | None = None,
    status: int = 200,
) -> Response[str]:
    me = await _me(page)
    stored = _stored(me)
    is_profile = page.form.has("name")
    filled = {name: page.form.text(name) for name in LABELS} if is_profile else stored
    return render(
        page,
        "profile.html",
        status=status,
        me=me,
        # After a conflict, the form is compared with what is stored now.
        was=stored if conflicts else original_values(page.form, stored, stored),
        filled=filled,
        new_email=page.form.text("new_email"),
        is_profile=is_profile,
        languages=LANGUAGES,
        zones=zone_choices(filled["time_zone"].strip(), await list_chosen_time_zones(page.database, page.account_id)),
        conflicts=conflicts or {},
        has_password=await page.database.read(has_password, page.account_id, page.person.user_id),
        sends_mail=page.services.email_changes.enabled,
        errors=errors,
    )
