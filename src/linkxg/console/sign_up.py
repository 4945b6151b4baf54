"""`/sign-up` and `/sign-up/{token}`: creates an account with a confirmed e-mail address.

The path of the link holds a secret token: the page never sends it as referrer, loads nothing from other origins and is
not cached.
"""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.browser_binding import bind_form
from linkxg.console.form_errors import FormErrors, of_details, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.link_pages import LINK_ANSWER, LINK_FORM
from linkxg.console.open_session import sign_in_with_password
from linkxg.console.pages import redirect, render
from linkxg.console.welcome import WELCOME
from linkxg.errors import Conflict, NotFound, SignUpDisabled, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import public
from linkxg.identity.accounts.invite_user import ACCEPTS
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.sign_up.complete_sign_up import complete_sign_up, read_sign_up
from linkxg.identity.sign_up.model import SIGN_UPS
from linkxg.identity.sign_up.request_sign_up import request_sign_up

SIGN_UP = "/sign-up"
LINK = f"{SIGN_UP}/{{token:str}}"


@get(SIGN_UP, **public())
async def form(page: NamedDependency[PageRequest]) -> Response[str]:
    return _request_form(page)


@post(SIGN_UP, **public(SIGN_UPS))
async def request_link(page: NamedDependency[PageRequest]) -> Response[str]:
    sign_ups, email = page.services.sign_ups, page.form.text("email").strip()
    try:
        await request_sign_up(
            page.database, sign_ups.mails, sign_ups.mode, email=email, limit_scale=sign_ups.limit_scale
        )
    except ValidationFailed as error:
        return _request_form(page, errors=of_details(error), status=error.status)
    except SignUpDisabled as error:
        return _closed(page, error)
    return redirect(page, SIGN_UP, done="sign-up-requested")


@get(LINK, **public())
async def open_link(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    return await _account_form(page, token)


@post(LINK, **public(ACCEPTS))
async def create(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    sign_ups = page.services.sign_ups
    name, password = page.form.text("accountName").strip(), page.form.text("password")
    try:
        created = await complete_sign_up(
            page.database,
            page.services.passwords,
            sign_ups.mode,
            page.anonymous_actor,
            token=token,
            name=name,
            password=password,
        )
    except ValidationFailed as error:
        return await _account_form(page, token, errors=of_details(error), status=error.status)
    except Conflict as error:
        return await _account_form(page, token, errors=whole_form(error.description), status=error.status)
    except (NotFound, SignUpDisabled):
        return await _account_form(page, token)
    await sign_in_with_password(page, created.owner.email, password)
    return redirect(page, WELCOME, done="account-created")


HANDLERS = (form, request_link, open_link, create)


def _request_form(page: PageRequest, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    try:
        page.services.sign_ups.mode.require_open()
    except SignUpDisabled as error:
        return _closed(page, error)
    if page.session is None:
        bind_form(page)
    return render(page, "sign_up.html", status=status, errors=errors, email=page.form.text("email"))


def _closed(page: PageRequest, error: SignUpDisabled) -> Response[str]:
    mode = page.services.sign_ups.mode
    return render(page, "sign_up_closed.html", status=error.status, by_invitation=mode.by_invitation)


async def _account_form(
    page: PageRequest, token: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    await page.services.limits.spend(ACCEPTS, source_key(page.context.source))
    try:
        email = await read_sign_up(page.database, page.services.sign_ups.mode, token)
    except SignUpDisabled as error:
        return _closed(page, error)
    except NotFound:
        return render(page, "sign_up_ended.html", status=404, headers=LINK_ANSWER)
    if page.session is None:
        bind_form(page)
    return render(
        page,
        "sign_up_account.html",
        status=status,
        headers=LINK_FORM,
        email=email,
        account_name=page.form.text("accountName"),
        minimum=MINIMUM,
        errors=errors,
    )
