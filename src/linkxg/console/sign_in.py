"""`/`, `/sign-in` and `/sign-out`."""

import re
import secrets
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from linkxg.console.carried_forms import CARRIED, replay, unseal, use_once
from linkxg.console.cookies import BEFORE_SESSION, EXPLAINED_SESSION, SESSION, set_cookie
from linkxg.console.csrf import form_token
from linkxg.console.form_errors import FormErrors, of_details, retry_headers, too_many_attempts, whole_form
from linkxg.console.guard import PageRequest, ended_session_of
from linkxg.console.pages import redirect, render
from linkxg.console.passkey_field import CREDENTIAL, read_assertion
from linkxg.console.safe_redirect import local_path
from linkxg.errors import (
    InvalidCredentials,
    InvalidRequest,
    InvalidToken,
    MfaEnrollmentRequired,
    MfaRequired,
    PublicError,
    RateLimitExceeded,
    ValidationFailed,
)
from linkxg.http.permissions import public, session_roles
from linkxg.http.rate_budgets import require_budget
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.factors.enroll import begin_enrollment
from linkxg.identity.factors.model import PASSKEY, TOTP
from linkxg.identity.factors.passkey_proof import begin_passkey_step
from linkxg.identity.factors.show_totp import show_totp
from linkxg.identity.factors.sign_in import sign_in as start_sign_in
from linkxg.identity.passkey_registration.enroll_passkey import begin_passkey_enrollment
from linkxg.identity.passkeys.sign_in import sign_in_with_passkey
from linkxg.identity.passkeys.use_passkey import PASSKEY_REFUSED
from linkxg.identity.sessions.console_session import OpenedSession, new_console_session
from linkxg.identity.sessions.end_sessions import logout
from linkxg.identity.sessions.model import EndedSession
from linkxg.identity.sessions.password_size import is_too_long
from linkxg.identity.sessions.sign_in_notices import mail_new_place
from linkxg.identity.sessions.throttle import SOURCE_LOGINS

SIGN_OUT = "/sign-out"
_COOKIE = re.compile(r"[0-9a-f]{32}")


@get("/", **public())
async def start(page: NamedDependency[PageRequest]) -> Response[str]:
    """Redirect to the start page of the role."""
    if page.session is None:
        return redirect(page, "/sign-in")
    return redirect(page, "/account/api-access" if page.administers else "/products")


@get("/sign-in", **public())
async def form(page: NamedDependency[PageRequest]) -> Response[str]:
    target = local_path(page.query.text("next"))
    if page.session is not None:
        return redirect(page, target)
    ended = await ended_session_of(page)
    return sign_in_page(
        page, target=target, ended=None if ended and ended.id == page.cookie(EXPLAINED_SESSION) else ended
    )


@post("/sign-in", **public(SOURCE_LOGINS, refused_by_handler=True))
async def sign_in(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    target, email = local_path(page.form.text("next")), page.form.text("email").strip()
    carried, credential = page.form.text(CARRIED), page.form.text(CREDENTIAL)
    try:
        require_budget(request.scope)
        if credential:
            opened = await enter_with_passkey(page, credential)
        else:
            opened = await enter(page, email, page.form.text("password"))
    except MfaRequired as needed:
        return await second_step_page(page, needed, target=target, email=email, carried=carried)
    except (InvalidCredentials, InvalidRequest) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason or error.description}
        shown = InvalidCredentials(PASSKEY_REFUSED if credential else None)
        return sign_in_page(page, target=target, email=email, error=shown, carried=carried)
    except RateLimitExceeded as error:
        page.context.notes["error"] = error.code
        return sign_in_page(page, target=target, email=email, error=error, carried=carried)
    return await finish(request, page, opened, target=target, carried=carried)


async def finish(
    request: Request[Any, Any, Any], page: PageRequest, opened: OpenedSession, *, target: str, carried: str
) -> Response[Any]:
    """The answer to a sign-in: the page that was asked for, or the form that was carried through it."""
    form = unseal(page.services.server_key, carried) if carried else None
    if form is None:
        return redirect(page, target)
    if form.user_id != opened.session.user_id:
        return redirect(page, "/account/sessions", done="other-person")
    if not await use_once(page.database, opened.session.account_id, form):
        return redirect(page, target if target not in ("", "/") else "/account/sessions", done="sent-already")
    response = await replay(request, page.services.server_key, opened, form, secure=page.services.secure)
    response.cookies = page.cookies
    return response


@post(SIGN_OUT, **session_roles(EVERYONE))
async def sign_out(page: NamedDependency[PageRequest]) -> Response[str]:
    await end_session(page)
    response = redirect(page, "/sign-in", done="signed-out")
    # The browser drops its copies of pages.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


HANDLERS = (start, form, sign_in, sign_out)


def sign_in_page(
    page: PageRequest,
    *,
    target: str,
    email: str = "",
    error: PublicError | None = None,
    message: str | None = None,
    carried: str = "",
    ended: EndedSession | None = None,
) -> Response[str]:
    """The form, bound to a random cookie of this browser; `carried` is a form posted after the session ended.

    `message` says what is wrong when it is no error of the API. `ended` is the session whose end has led here.
    """
    bind_form(page)
    if ended is not None:
        page.cookies.append(set_cookie(EXPLAINED_SESSION, ended.id, secure=page.services.secure))
    return render(
        page,
        "sign_in.html",
        status=error.status if error else 200,
        headers=_headers_of(error),
        target=target,
        email=email,
        errors=whole_form(message or _message_of(error)),
        offers_passkeys=page.services.relying_party.is_supported,
        carried=carried,
        ended=ended,
        typed=bool(page.form.pairs) and page.path != "/sign-in",
    )


def _headers_of(error: PublicError | None) -> dict[str, str]:
    if isinstance(error, InvalidCredentials):
        return {"WWW-Authenticate": 'Bearer realm="linkxg"'}
    return {} if error is None else retry_headers(error)


def bind_form(page: PageRequest) -> None:
    """Bind a form of a public page to this browser, by one cookie for all its windows."""
    if page.session is None:
        page.csrf = form_token(page.services.server_key, bound_browser(page))


def bound_browser(page: PageRequest) -> str:
    """The random cookie of this browser, which it gets if it has none."""
    entry = page.cookie(BEFORE_SESSION)
    if not _COOKIE.fullmatch(entry):
        entry = secrets.token_hex(16)
        page.cookies.append(set_cookie(BEFORE_SESSION, entry, secure=page.services.secure))
    return entry


def _message_of(error: PublicError | None) -> str | None:
    if error is None or not error.retry_after:
        return error.description if error else None
    return too_many_attempts(error.retry_after)


async def enter(page: PageRequest, email: str, password: str) -> OpenedSession:
    """Start a session, and end the browser's previous one. Raises as `sign_in` of the API does."""
    if is_too_long(password):
        raise InvalidCredentials(reason="password too long")
    new, cookie = new_console_session(page.context.user_agent)
    session = await start_sign_in(
        page.database,
        page.services.passwords,
        page.anonymous_actor,
        new,
        email=email,
        password=password,
        limit_scale=page.services.limit_scale,
    )
    opened = OpenedSession(session, cookie)
    await adopt(page, opened)
    return opened


async def enter_with_passkey(page: PageRequest, written: str) -> OpenedSession:
    """`enter` by a passkey alone. Raises InvalidCredentials."""
    new, cookie = new_console_session(page.context.user_agent)
    party, credential = page.services.relying_party, read_assertion(written)
    session = await sign_in_with_passkey(page.database, party, page.anonymous_actor, new, credential)
    opened = OpenedSession(session, cookie)
    await adopt(page, opened)
    return opened


async def adopt(page: PageRequest, opened: OpenedSession) -> None:
    """Give the browser the new session, and end its previous one."""
    mail_new_place(page.services.notices, page.anonymous_actor, opened.session, page.context.user_agent)
    if page.session is not None:
        await end_session(page)
    # The cookie of the sign-in form stays: a second window may still show that form.
    page.cookies = [set_cookie(SESSION, opened.cookie, secure=page.services.secure)]
    page.context.notes |= {"sub": opened.session.user_id, "sid": opened.session.session_id}


class SecondStep(NamedTuple):
    """What the second step keeps of the first: the challenge, who it is, and what follows; in hidden fields."""

    token: str
    methods: list[str]
    email: str
    target: str
    carried: str
    by_recovery: bool = False


async def second_step_page(
    page: PageRequest, needed: MfaRequired, *, target: str, email: str, carried: str = ""
) -> Response[str]:
    """What follows a correct password: a code, or the set-up of a second factor that the account requires."""
    page.context.notes["error"] = needed.code
    step = SecondStep(needed.mfa_token, needed.methods, email, target, carried, TOTP not in needed.methods)
    if isinstance(needed, MfaEnrollmentRequired):
        return await enrollment_page(page, step)
    return await code_page(page, step)


async def code_page(page: PageRequest, step: SecondStep, *, error: PublicError | None = None) -> Response[str]:
    """The form for a code of the second factor, or a passkey. Raises InvalidToken if the sign-in has ended."""
    party, options = page.services.relying_party, None
    if PASSKEY in step.methods and party.is_supported:
        options = (await begin_passkey_step(page.database, party, step.token)).public_key
    bind_form(page)
    return render(
        page, "mfa.html", status=error.status if error else 200, headers=_headers_of(error), step=step,
        errors=_code_errors(error), options=msgspec.json.encode(options).decode() if options else "",
    )  # fmt: skip


async def enrollment_page(page: PageRequest, step: SecondStep, *, error: PublicError | None = None) -> Response[str]:
    """The forms that set an authenticator app or a passkey up. Raises InvalidToken if the sign-in has ended."""
    begun = await begin_enrollment(page.database, page.services.server_key, step.token, keep=error is not None)
    party, options = page.services.relying_party, None
    if party.is_supported:
        options = (await begin_passkey_enrollment(page.database, party, step.token)).public_key
    bind_form(page)
    totp = show_totp(begun.pending, begun.email)
    return render(
        page, "mfa_enrollment.html", status=error.status if error else 200, headers=_headers_of(error),
        step=step._replace(by_recovery=False), totp=totp, name=page.form.text("name"),
        options=msgspec.json.encode(options).decode() if options else "",
        errors=_passkey_errors(error) if page.form.has(CREDENTIAL) else _code_errors(error),
    )  # fmt: skip


def _passkey_errors(error: PublicError | None) -> FormErrors:
    if isinstance(error, ValidationFailed):
        return of_details(error)
    return whole_form(_message_of(error))


def _code_errors(error: PublicError | None) -> FormErrors:
    message = _message_of(error)
    return FormErrors([("code", message)] if message else [])


async def end_session(page: PageRequest) -> None:
    """End the session.

    The cookie stays, without effect: it names the ended session, so that a form that is still open in another window
    can be carried through sign-in.
    """
    try:
        await logout(page.database, page.actor, page.account_id, page.person.id)
    except InvalidToken:
        # It has already ended.
        page.context.notes["reason"] = "session had ended"
    page.session = None
