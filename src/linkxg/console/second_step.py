"""`/sign-in/code`, `/sign-in/set-up` and `/sign-in/continue`: the second step of a sign-in."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from litestar import Request, Response, post
from litestar.di import NamedDependency

from linkxg.console.carried_forms import CARRIED
from linkxg.console.cookies import SESSION
from linkxg.console.csrf import form_token
from linkxg.console.guard import PageRequest, SignInRequired
from linkxg.console.open_session import replace_browser_session
from linkxg.console.pages import render
from linkxg.console.passkey_field import CREDENTIAL, read_assertion, read_attestation
from linkxg.console.safe_redirect import local_path
from linkxg.console.second_step_pages import SecondStep, code_page, enrollment_page, wait_page
from linkxg.console.sign_in import resume_after_sign_in, sign_in_page
from linkxg.errors import InvalidCredentials, InvalidToken, PublicError, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import public, session_roles
from linkxg.http.rate_budgets import require_budget
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.factors.challenges import MFA_ATTEMPTS, Completed
from linkxg.identity.factors.console_step_up import method_of
from linkxg.identity.factors.enroll import confirm_enrollment
from linkxg.identity.factors.model import PASSKEY, RECOVERY_CODE, TOTP
from linkxg.identity.factors.passkey_proof import complete_with_passkey
from linkxg.identity.factors.sign_in import complete_with_code, start_completed
from linkxg.identity.passkey_registration.enroll_passkey import confirm_passkey_enrollment
from linkxg.identity.sessions.console_session import OpenedSession, new_console_session, reload_console_session
from linkxg.identity.sessions.model import SessionIdentity

T = TypeVar("T")
_EXPIRED = "The sign-in took too long, or too many codes were wrong. Sign in again."


class StepPage(Protocol):
    """A form of the second step. Raises InvalidToken if the sign-in has ended."""

    async def __call__(self, page: PageRequest, step: SecondStep, *, error: PublicError | None) -> Response[str]: ...


@post("/sign-in/code", **public(MFA_ATTEMPTS, refused_by_handler=True))
async def enter_code(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    step = _step_of(page)
    if page.form.has("switch"):
        return await _run_step(request, page, step, code_page, partial(code_page, page, step))

    async def attempt() -> OpenedSession:
        return await _open(page, await _complete(page, step.token))

    opened = await _run_step(request, page, step, code_page, attempt)
    if isinstance(opened, Response):
        return opened
    await replace_browser_session(page, opened)
    return await resume_after_sign_in(request, page, opened, target=step.target, carried=step.carried)


@post("/sign-in/set-up", **public(MFA_ATTEMPTS, refused_by_handler=True))
async def set_up(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    services, step = page.services, _step_of(page)
    if page.form.has("switch"):
        return await _run_step(request, page, step, enrollment_page, partial(enrollment_page, page, step))

    async def attempt() -> tuple[OpenedSession, list[str]]:
        if page.form.has(CREDENTIAL):
            completed, codes = await confirm_passkey_enrollment(
                page.database,
                services.relying_party,
                services.notices,
                page.anonymous_actor,
                token=step.token,
                credential=read_attestation(page.form.text(CREDENTIAL)),
                name=page.form.text("name").strip() or None,
                limit_scale=services.limit_scale,
            )
        else:
            completed, codes = await confirm_enrollment(
                page.database,
                services.server_key,
                services.notices,
                page.anonymous_actor,
                token=step.token,
                code=page.form.text("code"),
                limit_scale=services.limit_scale,
            )
        return await _open(page, completed), codes

    enrolled = await _run_step(request, page, step, enrollment_page, attempt)
    if isinstance(enrolled, Response):
        return enrolled
    opened, codes = enrolled
    await replace_browser_session(page, opened)
    # The forms of the next page are those of the new session.
    page.csrf = form_token(services.server_key, opened.session.session_id)
    return render(page, "sign_in_codes.html", codes=codes, target=step.target, carried=step.carried)


async def _run_step(
    request: Request[Any, Any, Any],
    page: PageRequest,
    step: SecondStep,
    form: StepPage,
    attempt: Callable[[], Awaitable[T]],
) -> T | Response[str]:
    """What the attempt returns; or the form with what was wrong, or the sign-in page if the challenge has ended.

    To show the form of another method is an attempt, too: it begins challenges.
    """
    try:
        require_budget(request.scope)
        return await attempt()
    except InvalidToken as error:
        return _restart_sign_in(page, error, step)
    except (InvalidCredentials, RateLimitExceeded, ValidationFailed) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason}
        if isinstance(error, RateLimitExceeded):
            return wait_page(page, step, error, path=request.url.path)
        return await _show(page, step, form, error)


async def _show(page: PageRequest, step: SecondStep, form: StepPage, error: PublicError) -> Response[str]:
    try:
        return await form(page, step, error=error)
    except InvalidToken as ended:
        return _restart_sign_in(page, ended, step)


async def _open(page: PageRequest, completed: Completed) -> OpenedSession:
    new, cookie = new_console_session(page.context.user_agent)
    return OpenedSession(await start_completed(page.database, page.anonymous_actor, completed, new), cookie)


async def _complete(page: PageRequest, token: str) -> Completed:
    """Complete the sign-in by what was sent: a passkey, a code of an app, or a recovery code."""
    services, written, code = page.services, page.form.text(CREDENTIAL), page.form.text("code").strip()
    if written:
        return await complete_with_passkey(
            page.database,
            services.relying_party,
            page.anonymous_actor,
            token=token,
            purpose="sign_in",
            credential=read_assertion(written),
            limit_scale=services.limit_scale,
        )
    return await complete_with_code(
        page.database,
        services.server_key,
        services.notices,
        page.anonymous_actor,
        token=token,
        purpose="sign_in",
        method=method_of(code),
        code=code,
        limit_scale=services.limit_scale,
    )


@post("/sign-in/continue", **session_roles(EVERYONE))
async def continue_carried_form(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    """From the recovery codes to the form that was carried through the sign-in."""
    # Its body may have taken long to arrive, and nothing else checks the session again.
    person = await reload_console_session(page.database, page.person)
    if person is None:
        raise SignInRequired
    session = SessionIdentity(
        person.id, person.account_id, person.user_id, person.email, person.role, person.epoch, person.amr,
        person.authenticated_at, person.expires_at,
    )  # fmt: skip
    opened = OpenedSession(session, page.cookie(SESSION))
    target = local_path(page.form.text("next"))
    return await resume_after_sign_in(request, page, opened, target=target, carried=page.form.text(CARRIED))


HANDLERS = (enter_code, set_up, continue_carried_form)


def _step_of(page: PageRequest) -> SecondStep:
    form = page.form
    methods = [method for method in form.text("methods").split() if method in (TOTP, RECOVERY_CODE, PASSKEY)]
    return SecondStep(
        form.text("mfa_token"),
        methods,
        form.text("email"),
        local_path(form.text("next")),
        form.text(CARRIED),
        by_recovery=form.text("switch" if form.has("switch") else "by") == "recovery",
    )


def _restart_sign_in(page: PageRequest, error: PublicError, step: SecondStep) -> Response[str]:
    page.context.notes |= {"error": error.code, "reason": error.reason}
    expired = InvalidCredentials(_EXPIRED)
    return sign_in_page(page, target=step.target, email=step.email, carried=step.carried, error=expired)
