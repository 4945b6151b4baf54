"""`/invitations/{token}`: accepts an invitation.

The path holds a secret token: the page never sends it as referrer, loads nothing from other origins and is not cached.
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
from linkxg.console.second_step_pages import second_step_page
from linkxg.console.welcome import WELCOME
from linkxg.errors import MfaRequired, NotFound, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import public
from linkxg.identity.accounts.account_notices import mail_joined_by_invitation
from linkxg.identity.accounts.invite_user import (
    ACCEPTS,
    EmailInUse,
    accept_invitation,
    find_replacement,
    read_invitation,
)
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.identity.accounts.people_limit import TooManyPeople


@get("/invitations/{token:str}", **public())
async def form(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    return await _show(page, token)


@post("/invitations/{token:str}", **public(ACCEPTS))
async def join(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    password, name = page.form.text("password"), page.form.text("name").strip()
    try:
        joined = await accept_invitation(
            page.database,
            page.services.passwords,
            page.anonymous_actor,
            token=token,
            password=password,
            name=name or None,
        )
    except ValidationFailed as error:
        return await _show(page, token, of_details(error))
    except (TooManyPeople, EmailInUse) as error:
        return await _show(page, token, whole_form(error.description))
    except NotFound:
        return await _show(page, token)
    mail_joined_by_invitation(page.services.notices, page.anonymous_actor, joined)
    try:
        await sign_in_with_password(page, joined.email, password)
    except MfaRequired as needed:
        return await second_step_page(page, needed, target=WELCOME, email=joined.email)
    return redirect(page, WELCOME)


HANDLERS = (form, join)


async def _show(page: PageRequest, token: str, errors: FormErrors | None = None) -> Response[str]:
    await page.services.limits.spend(ACCEPTS, source_key(page.context.source))
    try:
        welcome = await read_invitation(page.database, token)
    except NotFound:
        newer = await find_replacement(page.database, token)
        return render(page, "invitation_ended.html", status=404, headers=LINK_ANSWER, newer=newer)
    bind_form(page)
    return render(
        page,
        "invitation.html",
        status=422 if errors else 200,
        headers=LINK_FORM,
        welcome=welcome,
        minimum=MINIMUM,
        name=page.form.text("name"),
        errors=errors,
    )
