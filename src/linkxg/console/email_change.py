"""`/email-changes/{token}`: confirms or declines a change of e-mail address by the link in a mail.

The path holds a secret token: the page never sends it as referrer, loads nothing from other origins and is not cached.
Opening it changes nothing, because programs that scan mails open links.
"""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.browser_binding import bind_form
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.link_pages import LINK_ANSWER, LINK_FORM
from linkxg.console.pages import render
from linkxg.errors import Conflict, NotFound
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import public
from linkxg.identity.accounts.email_changes import (
    EMAIL_CHANGE_LINKS,
    confirm_email_change,
    decline_email_change,
    read_linked_change,
)

LINK = "/email-changes/{token:str}"


@get(LINK, **public())
async def form(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    await page.services.limits.spend(EMAIL_CHANGE_LINKS, source_key(page.context.source))
    return await _show(page, token)


@post(LINK, **public(EMAIL_CHANGE_LINKS))
async def answer(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    actor = page.anonymous_actor
    try:
        if page.form.text("act") == "decline":
            await decline_email_change(page.database, actor, token)
            return _answered(page, "declined")
        confirmed = await confirm_email_change(page.database, actor, token)
    except NotFound:
        return await _show(page, token)
    except Conflict as error:
        return await _show(page, token, errors=whole_form(error.description), status=409)
    page.services.email_changes.changed(actor, confirmed)
    return _answered(page, "changed" if confirmed.done else "confirmed")


HANDLERS = (form, answer)


def _answered(page: PageRequest, outcome: str) -> Response[str]:
    return render(page, "email_change_answered.html", headers=LINK_ANSWER, outcome=outcome)


async def _show(page: PageRequest, token: str, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    try:
        change = await read_linked_change(page.database, token)
    except NotFound:
        return render(
            page, "email_change_answered.html", status=404 if errors is None else status, headers=LINK_ANSWER,
            outcome="ended", errors=errors,
        )  # fmt: skip
    bind_form(page)
    return render(
        page,
        "email_change.html",
        status=status,
        headers=LINK_FORM,
        change=change,
        errors=errors,
    )
