"""`…/authentication`: how a client authenticates, what its tokens are bound to, and its certificates."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import now_s
from linkxg.console.api_access import LIST
from linkxg.console.client_page import CLIENT
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, of_api_error, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import ATTEMPTS, BUSY, Edit, merge, original_values
from linkxg.errors import Conflict, InvalidRequest, NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.change_client import ClientChange, change_client
from linkxg.identity.clients.manage_certificates import add_certificate, list_certificates, remove_certificate
from linkxg.identity.clients.model import MAX_CERTIFICATES, SECRET, SELF_SIGNED_TLS, Client
from linkxg.identity.clients.notify_owners import mail_certificate_added
from linkxg.identity.clients.read_client import read_client

PAGE = f"{CLIENT}/authentication"
CERTIFICATES = f"{CLIENT}/certificates"
REMOVAL = f"{CERTIFICATES}/{{certificate_id:str}}/remove"
FIELDS = {"certificate": ("certificate", "certificate"), "auth_methods": ("by_secret", "authentication")}
OPTIONS = {
    "by_secret": "Client secret",
    "by_certificate": "Client certificate",
    "dpop": "Tokens bound to a key",
    "bound": "Tokens bound to a certificate",
}
"""The check boxes, with their labels."""


@get(PAGE, **session_roles(ADMINISTRATORS))
async def show(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return await _show(page, client_id)


@post(PAGE, **session_roles(ADMINISTRATORS))
async def save(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    async def back() -> Response[str]:
        return await _show(page, client_id)

    form = page.form
    mine = {name: "yes" if form.text(name) == "yes" else "" for name in OPTIONS}
    if not mine["by_secret"] and not mine["by_certificate"]:
        return await _show(page, client_id, FormErrors([("by_secret", "Choose at least one way to authenticate.")]))
    for _ in range(ATTEMPTS):
        client = (await read_client(page.database, page.account_id, client_id)).client
        edit = merge(form, mine, _options(client))
        if edit.changed:
            asking = await ask_step_up(page, "change how the client authenticates", back=back)
            if asking is not None:
                return asking
        try:
            await _apply(page, client, edit)
        except Conflict:
            continue
        except InvalidRequest as error:
            return await _show(page, client_id, of_api_error(error.description, FIELDS))
        return redirect(page, _path(client_id), **flash_message(page, _summary(edit)))
    return await _show(page, client_id, whole_form(BUSY))


async def _apply(page: PageRequest, client: Client, edit: Edit) -> None:
    """Raises InvalidRequest, or Conflict if one of these fields changed since the client was read."""
    if not edit.changed:
        return
    options = _options(client) | edit.changed
    methods = [name for name, box in ((SECRET, "by_secret"), (SELF_SIGNED_TLS, "by_certificate")) if options[box]]
    # Methods that this page does not offer are kept.
    methods += sorted(client.auth_methods - {SECRET, SELF_SIGNED_TLS})
    change = ClientChange(
        auth_methods=methods if edit.changed.keys() & {"by_secret", "by_certificate"} else None,
        dpop_bound=bool(edit.changed["dpop"]) if "dpop" in edit.changed else None,
        certificate_bound=bool(edit.changed["bound"]) if "bound" in edit.changed else None,
    )
    await change_client(page.database, page.actor, page.account_id, client.id, change, expected=client)


@post(CERTIFICATES, **session_roles(ADMINISTRATORS))
async def add(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    async def back() -> Response[str]:
        return await _show(page, client_id)

    pem = page.form.text("certificate")
    if not pem.strip():
        return await _show(page, client_id, FormErrors([("certificate", "Paste the certificate.")]))
    asking = await ask_step_up(page, "register the certificate", back=back)
    if asking is not None:
        return asking
    try:
        added, replayed = await add_certificate(
            page.database, page.actor, page.account_id, client_id, pem, idempotency_key=page.form.idempotency_key
        )
    except (Conflict, InvalidRequest) as error:
        found = of_api_error(error.description, FIELDS)
        is_about_field = any(found.message(name) for name, _ in FIELDS.values())
        return await _show(
            page, client_id, found if is_about_field else FormErrors([("certificate", error.description)])
        )
    if not replayed:
        mail_certificate_added(page.services.notices, page.actor, page.account_id, client_id)
    text = f"The certificate {added.subject[:60]} is registered."
    return redirect(page, _path(client_id), **flash_message(page, text))


@post(REMOVAL, **session_roles(ADMINISTRATORS))
async def remove(
    page: NamedDependency[PageRequest], client_id: FromPath[str], certificate_id: FromPath[str]
) -> Response[str]:
    listed = await list_certificates(page.database, page.account_id, client_id)
    found = next((one for one in listed if one.id == certificate_id), None)
    if found is None:
        raise NotFound
    if not confirmed(page):
        effects = [f"{found.subject[:100]} can no longer be used. The live tokens that are bound to it are revoked."]
        if len(listed) == 1:
            effects.append("It is the client's only certificate.")
        question = Question("Remove the certificate?", effects, "Remove certificate", "Keep it", _path(client_id))
        return ask_confirmation(page, question)
    asking = await ask_step_up(page, "remove the certificate")
    if asking is not None:
        return asking
    await remove_certificate(page.database, page.actor, page.account_id, client_id, certificate_id)
    text = "The certificate is removed, and the tokens bound to it are revoked."
    return redirect(page, _path(client_id), **flash_message(page, text))


@get(CERTIFICATES, **session_roles(ADMINISTRATORS))
async def back_from_form(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return redirect(page, _path(client_id))


@get(REMOVAL, **session_roles(ADMINISTRATORS))
async def back_from_removal(
    page: NamedDependency[PageRequest], client_id: FromPath[str], certificate_id: FromPath[str]
) -> Response[str]:
    return redirect(page, _path(client_id))


HANDLERS = (show, save, add, remove, back_from_form, back_from_removal)


def _path(client_id: str) -> str:
    return f"{LIST}/{client_id}/authentication"


def _options(client: Client) -> dict[str, str]:
    """The stored options as values of the form."""
    chosen = {
        "by_secret": SECRET in client.auth_methods,
        "by_certificate": SELF_SIGNED_TLS in client.auth_methods,
        "dpop": client.dpop_bound,
        "bound": client.certificate_bound,
    }
    return {name: "yes" if value else "" for name, value in chosen.items()}


def _summary(edit: Edit) -> str:
    if not edit.changed:
        return "Nothing changed."
    return f"Saved. {', '.join(OPTIONS[name] for name in OPTIONS if name in edit.changed)} changed."


async def _show(page: PageRequest, client_id: str, errors: FormErrors | None = None) -> Response[str]:
    """The page; a form that was posted holds its values."""
    client = (await read_client(page.database, page.account_id, client_id)).client
    if client.resource is not None:
        raise NotFound
    certificates = await list_certificates(page.database, page.account_id, client_id)
    stored, form = _options(client), page.form
    # The form of the options always has these; the other form has a certificate.
    is_posted = form.has("was.dpop")
    return render(
        page,
        "client_authentication.html",
        status=422 if errors else 200,
        client=client,
        certificates=certificates,
        is_full=len(certificates) >= MAX_CERTIFICATES,
        now_s=now_s(),
        filled={name: form.text(name) == "yes" for name in OPTIONS} if is_posted else stored,
        was=original_values(form, stored, stored) if is_posted else stored,
        pem=form.text("certificate"),
        key=form.key_or_new(),
        errors=errors,
    )
