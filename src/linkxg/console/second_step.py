"""`/sign-in/code` and `/sign-in/set-up`: the second step of a sign-in."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency

from linkxg.console.carried_forms import CARRIED
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.safe_redirect import local_path
from linkxg.console.sign_in import (
    CREDENTIAL,
    adopt,
    code_page,
    enrollment_page,
    finish,
    read_assertion,
    sign_in_page,
    user_agent,
)
from linkxg.errors import InvalidCredentials, InvalidToken, PublicError, RateLimitExceeded
from linkxg.http.permissions import public
from linkxg.http.rate_budgets import require_budget
from linkxg.identity.factors.challenges import Completed
from linkxg.identity.factors.enroll import confirm_enrollment
from linkxg.identity.factors.model import PASSKEY, RECOVERY_CODE, TOTP
from linkxg.identity.factors.passkey_proof import complete_with_passkey
from linkxg.identity.factors.routes import MFA_ATTEMPTS
from linkxg.identity.factors.sign_in import complete_challenge, start_completed
from linkxg.identity.sessions.console_session import OpenedSession, new_console_session

_EXPIRED = "The sign-in took too long, or too many codes were wrong. Sign in again."


@post("/sign-in/code", **public(MFA_ATTEMPTS, refused_by_handler=True))
async def enter_code(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    form = page.form
    target, carried, token = local_path(form.text("next")), form.text(CARRIED), form.text("mfa_token")
    try:
        require_budget(request.scope)
        completed = await _complete(page, token)
        new, cookie = new_console_session(user_agent(page))
        opened = OpenedSession(await start_completed(page.database, page.stranger, completed, new), cookie)
    except InvalidToken as error:
        return _again(page, error, target, carried)
    except (InvalidCredentials, RateLimitExceeded) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason}
        methods = [method for method in form.text("methods").split() if method in (TOTP, RECOVERY_CODE, PASSKEY)]
        try:
            return await code_page(page, token, methods, target=target, carried=carried, error=error)
        except InvalidToken as ended:
            return _again(page, ended, target, carried)
    await adopt(page, opened)
    return await finish(request, page, opened, target=target, carried=carried)


@post("/sign-in/set-up", **public(MFA_ATTEMPTS, refused_by_handler=True))
async def set_up(request: Request[Any, Any, Any], page: NamedDependency[PageRequest]) -> Response[Any]:
    form, services = page.form, page.services
    target, token = local_path(form.text("next")), form.text("mfa_token")
    try:
        require_budget(request.scope)
        completed, codes = await confirm_enrollment(
            page.database,
            services.server_key,
            services.notices,
            page.stranger,
            token=token,
            code=form.text("code"),
            limit_scale=services.limit_scale,
        )
        new, cookie = new_console_session(user_agent(page))
        opened = OpenedSession(await start_completed(page.database, page.stranger, completed, new), cookie)
    except InvalidToken as error:
        return _again(page, error, target, "")
    except (InvalidCredentials, RateLimitExceeded) as error:
        page.context.notes |= {"error": error.code, "reason": error.reason}
        return await enrollment_page(page, token, target=target, error=error)
    await adopt(page, opened)
    return render(page, "recovery_codes.html", codes=codes, target=target)


async def _complete(page: PageRequest, token: str) -> Completed:
    """Complete the sign-in by what was sent: a passkey, a code of an app, or a recovery code."""
    services, written, code = page.services, page.form.text(CREDENTIAL), page.form.text("code").strip()
    if written:
        return await complete_with_passkey(
            page.database,
            services.relying_party,
            page.stranger,
            token=token,
            purpose="sign_in",
            credential=read_assertion(written),
            limit_scale=services.limit_scale,
        )
    return await complete_challenge(
        page.database,
        services.server_key,
        page.stranger,
        token=token,
        purpose="sign_in",
        method=TOTP if code.replace(" ", "").isdigit() else RECOVERY_CODE,
        code=code,
        limit_scale=services.limit_scale,
    )


HANDLERS = (enter_code, set_up)


def _again(page: PageRequest, error: PublicError, target: str, carried: str) -> Response[str]:
    page.context.notes |= {"error": error.code, "reason": error.reason}
    return sign_in_page(page, target=target, carried=carried, error=InvalidCredentials(_EXPIRED))
