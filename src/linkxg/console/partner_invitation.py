"""`/connections/invitations/{token}`: accepts the invitation of a partner by the link in its mail.

The path holds a secret token: the page never sends it as referrer, loads nothing from other origins and is not cached.
"""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import DAY
from linkxg.console.browser_binding import bind_form
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, of_details, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.link_pages import LINK_ANSWER, LINK_FORM
from linkxg.console.open_session import sign_in_with_password
from linkxg.console.pages import redirect, render
from linkxg.console.partners import PARTNERS, name_of
from linkxg.errors import AccessDenied, Conflict, ConnectionExists, NotFound, SignUpDisabled, ValidationFailed
from linkxg.http.client_ip import source_key
from linkxg.http.permissions import public
from linkxg.identity.accounts.invite_user import ACCEPTS
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.password_rules import MINIMUM
from linkxg.network.connections.accept_by_link import (
    accept_link,
    accept_link_with_new_account,
    read_linked_invitation,
)
from linkxg.network.connections.model import LIFETIME_MS

INVITATION = "/connections/invitations/{token:str}"


@get(INVITATION, **public())
async def form(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    return await _show(page, token)


@post(INVITATION, **public(ACCEPTS))
async def accept(page: NamedDependency[PageRequest], token: FromPath[str]) -> Response[str]:
    mails, shown_gln = page.services.connection_mails, page.form.text("gln") or None
    try:
        if page.session is not None:
            connected = await accept_link(page.database, mails, page.actor, page.account_id, token, shown_gln)
            message = f"You are connected with {name_of(connected)}."
            return redirect(page, f"{PARTNERS}/{connected.id}", **flash_message(page, message))
        name, password = page.form.text("accountName").strip(), page.form.text("password")
        email = (await read_linked_invitation(page.database, token)).email
        await accept_link_with_new_account(
            page.database, page.services.passwords, mails, page.services.sign_ups.mode, page.anonymous_actor,
            token=token, name=name, password=password, gln=shown_gln,
        )  # fmt: skip
    except ValidationFailed as error:
        found = of_details(error)
        return await _show(page, token, errors=found, status=422)
    except (AccessDenied, Conflict, ConnectionExists, SignUpDisabled) as error:
        return await _show(page, token, errors=whole_form(error.description), status=error.status)
    except NotFound:
        return await _show(page, token)
    await sign_in_with_password(page, email, password)
    return redirect(page, PARTNERS, done="joined")


HANDLERS = (form, accept)


async def _show(page: PageRequest, token: str, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    await page.services.limits.spend(ACCEPTS, source_key(page.context.source))
    try:
        invitation = await read_linked_invitation(page.database, token)
    except NotFound:
        return render(
            page, "invitation_ended.html", status=404, headers=LINK_ANSWER,
            newer=None, days=LIFETIME_MS // DAY, whom="the company that invited you",
        )  # fmt: skip
    if page.session is None:
        bind_form(page)
    return render(
        page,
        "partner_invitation.html",
        status=status,
        headers=LINK_FORM,
        invitation=invitation,
        # Without mail the inviter has the link too, and must not learn it.
        has_account=invitation.has_account if page.services.connection_mails.enabled else None,
        is_invited=page.session is not None and email_key(page.session.email) == email_key(invitation.email),
        creates_account=page.services.connection_mails.link_creates_account,
        account_name=page.form.text("accountName"),
        minimum=MINIMUM,
        errors=errors,
    )
