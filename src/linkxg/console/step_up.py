"""Confirmation of who it is before a sensitive action: password and second factor, or a passkey.

Required unless the person was authenticated recently. The page carries the fields of the form, so that the action
continues from there; a secret among them is not carried.
"""

from collections.abc import Awaitable, Callable

from litestar import Response

from linkxg.console.carried_forms import seal
from linkxg.console.confirmation_fields import CANCEL, CODE, KIND, LEFT_OUT, PASSKEY, PASSWORD, STEP_UP, SWITCH
from linkxg.console.cookies import SESSION, set_cookie
from linkxg.console.csrf import FIELD
from linkxg.console.form_errors import FormErrors, too_many_attempts
from linkxg.console.guard import PageRequest, SignInRequired
from linkxg.console.page_forms import SECRET_FIELDS
from linkxg.console.pages import redirect, render
from linkxg.console.passkey_field import read_assertion
from linkxg.errors import InsufficientUserAuthentication, InvalidCredentials, InvalidToken, RateLimitExceeded
from linkxg.http.client_ip import source_key
from linkxg.identity.accounts.authentication_policy import FEDERATED
from linkxg.identity.factors.change_factors import read_factors
from linkxg.identity.factors.console_step_up import confirm_code, confirm_passkey
from linkxg.identity.factors.model import PASSKEY as PASSKEY_FACTOR
from linkxg.identity.factors.model import TOTP
from linkxg.identity.passkeys.use_passkey import PASSKEY_REFUSED
from linkxg.identity.sessions.console_session import renew_console_session
from linkxg.identity.sessions.current_password import has_password
from linkxg.identity.sessions.login import PASSWORD as BY_PASSWORD
from linkxg.identity.sessions.login import verify_password
from linkxg.identity.sessions.password_size import is_too_long
from linkxg.identity.sessions.throttle import SOURCE_LOGINS
from linkxg.identity.single_sign_on.begin_sign_in import MAX_FORM_KEPT_FOR_SSO

_INCORRECT = {
    PASSWORD: "The password is incorrect.",
    CODE: "The code is incorrect, or was used before.",
    PASSKEY: PASSKEY_REFUSED,
}
_TOO_WEAK = (
    "Your account requires a second factor. Sign in with your company again, or sign out, sign in again and set one up."
)


async def ask_step_up(
    page: PageRequest, act: str, *, back: Callable[[], Awaitable[Response[str]]] | None = None
) -> Response[str] | None:
    """The page that asks, or None if the action may proceed. `act` completes "Confirm it is you — …".

    `back` builds the page that *Cancel* leads to: the form, filled in with what was posted.
    """
    if page.form.text(CANCEL):
        return await back() if back else redirect(page, page.path)
    if page.recently_authenticated:
        return None
    errors = FormErrors()
    if page.form.text(PASSKEY) or (page.form.text(PASSWORD) and not page.form.has(SWITCH)):
        errors = await _check(page)
        if not errors:
            return None
    carried = [pair for pair in page.form.pairs if pair[0] not in STEP_UP | SECRET_FIELDS | {FIELD}]
    if any(name in SECRET_FIELDS and value for name, value in page.form.pairs):
        carried.append((LEFT_OUT, "yes"))
    person = (page.account_id, page.person.user_id)
    found = await read_factors(page.database, *person)
    methods, has_codes = {factor.method for factor in found.factors}, found.recovery_codes_left > 0
    has_app, needs_code = TOTP in methods, page.person.has_second_factor
    by_company = FEDERATED in page.person.amr.split()
    return render(
        page,
        "step_up.html",
        status=403 if errors else 200,
        act=act,
        carried=carried,
        by_company=by_company,
        sealed=_sealed(page, carried) if by_company else "",
        needs_code=needs_code,
        by_password=(has_app or has_codes or not needs_code) and await page.database.read(has_password, *person),
        offers_passkeys=PASSKEY_FACTOR in methods and page.services.relying_party.is_supported,
        has_app=has_app,
        has_codes=has_codes,
        by_recovery=has_codes and (not has_app or (page.form.text(SWITCH) or page.form.text(KIND)) == "recovery"),
        errors=errors,
    )


def _sealed(page: PageRequest, pairs: list[tuple[str, str]]) -> str:
    """The form for the way to the identity provider and back, its confirmation included; empty if it is too long."""
    sealed = seal(page.services.server_key, page.person.user_id, page.path, pairs, asked_again=STEP_UP | {FIELD})
    return sealed if len(sealed) <= MAX_FORM_KEPT_FOR_SSO else ""


async def _check(page: PageRequest) -> FormErrors:
    """Check what was entered and renew the session; returns what is wrong."""
    person, services, code = page.person, page.services, page.form.text(CODE).strip()
    written, password = page.form.text(PASSKEY), page.form.text(PASSWORD)
    if not written and person.has_second_factor and not code:
        return FormErrors([(CODE, "Enter a code.")])
    field = PASSKEY if written else PASSWORD
    amr: tuple[str, ...] = BY_PASSWORD
    try:
        await services.limits.spend(SOURCE_LOGINS, source_key(page.context.source))
        if written:
            cookie = await confirm_passkey(
                page.database, services.relying_party, page.actor, person, read_assertion(written)
            )
            page.cookies.append(set_cookie(SESSION, cookie, secure=services.secure))
            return FormErrors()
        if is_too_long(password):
            raise InvalidCredentials(reason="password too long")
        authentication = await verify_password(
            page.database,
            services.passwords,
            page.actor,
            email=person.email,
            password=password,
            limit_scale=services.limit_scale,
        )
        if authentication.user.has_second_factor:
            field = CODE
            completed = await confirm_code(
                page.database,
                services.server_key,
                services.notices,
                page.actor,
                person.id,
                authentication,
                code=code,
                limit_scale=services.limit_scale,
            )
            authentication, amr = completed.authentication, amr + completed.amr
        cookie = await renew_console_session(page.database, page.actor, person, authentication, amr)
    except InvalidToken:
        raise SignInRequired from None
    except InvalidCredentials as error:
        page.context.notes |= {"error": error.code, "reason": error.reason}
        return FormErrors([(field, _INCORRECT[field])])
    except InsufficientUserAuthentication as error:
        page.context.notes |= {"error": error.code, "reason": "no second factor"}
        return FormErrors([(field, _TOO_WEAK)])
    except RateLimitExceeded as error:
        return FormErrors([(field, too_many_attempts(error.retry_after))])
    page.cookies.append(set_cookie(SESSION, cookie, secure=services.secure))
    return FormErrors()
