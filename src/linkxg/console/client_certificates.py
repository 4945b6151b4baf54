"""`…/binding` and `…/certificates`: what the tokens of a client are bound to, and its certificates."""

from functools import partial

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.client_authentication import (
    ACT,
    BINDINGS,
    authentication_path,
    binding_of,
    refuse_over_budget,
    show_authentication,
)
from linkxg.console.client_page import CLIENT
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, of_api_error, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import ATTEMPTS, BUSY, Edit, merge
from linkxg.errors import Conflict, InvalidRequest, NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.authentication_methods import SELF_SIGNED_TLS
from linkxg.identity.clients.change_client import ClientChange, change_client
from linkxg.identity.clients.manage_certificates import (
    add_certificate,
    check_certificate,
    list_certificates,
    remove_certificate,
)
from linkxg.identity.clients.model import Client
from linkxg.identity.clients.read_client import read_client

BINDING = f"{CLIENT}/binding"
CERTIFICATES = f"{CLIENT}/certificates"
_FIELDS = {"certificate": ("certificate", "New certificate"), "name": ("certificate_name", "Name")}
REMOVAL = f"{CERTIFICATES}/{{certificate_id:str}}/remove"


@post(BINDING, **session_roles(ADMINISTRATORS))
async def save(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    mine = {name: "yes" if page.form.text(name) == "yes" else "" for name in BINDINGS}
    for _ in range(ATTEMPTS):
        client = (await read_client(page.database, page.account_id, client_id)).client
        edit = merge(page.form, mine, binding_of(client))
        if edit.changed:
            back = partial(show_authentication, page, client_id)
            asking = await ask_step_up(page, "change what the client's tokens are bound to", back=back)
            if asking is not None:
                return asking
        try:
            await _apply(page, client, edit)
        except Conflict:
            continue
        except InvalidRequest as error:
            return await show_authentication(page, client_id, errors=FormErrors([("binding", error.description)]))
        return redirect(page, authentication_path(client_id), **flash_message(page, _summary(edit)))
    return await show_authentication(page, client_id, errors=whole_form(BUSY))


async def _apply(page: PageRequest, client: Client, edit: Edit) -> None:
    """Raises InvalidRequest, or Conflict if one of these fields changed since the client was read."""
    if not edit.changed:
        return
    change = ClientChange(
        dpop_bound=bool(edit.changed["dpop"]) if "dpop" in edit.changed else None,
        certificate_bound=bool(edit.changed["bound"]) if "bound" in edit.changed else None,
    )
    await change_client(
        page.database, page.services.notices, page.actor, page.account_id, client.id, change, expected=client
    )


@post(CERTIFICATES, **session_roles(ADMINISTRATORS))
async def add(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    pem = page.form.text("certificate")
    if not pem.strip():
        return await show_authentication(
            page, client_id, errors=FormErrors([("certificate", "Paste the certificate.")])
        )
    try:
        # Before the step-up, whose page carries the form: a private key is not to be carried.
        check_certificate(pem)
    except InvalidRequest as error:
        errors = of_api_error(error.description, _FIELDS)
        return await show_authentication(page, client_id, errors=errors)
    asking = await ask_step_up(page, ACT, back=partial(show_authentication, page, client_id))
    if asking is not None:
        return asking
    refused = await refuse_over_budget(page, client_id)
    if refused is not None:
        return refused
    try:
        added, _ = await add_certificate(
            page.database,
            page.services.notices,
            page.actor,
            page.account_id,
            client_id,
            pem,
            name=page.form.text("certificate_name"),
            idempotency_key=page.form.idempotency_key,
        )
    except (Conflict, InvalidRequest) as error:
        errors = of_api_error(error.description, _FIELDS)
        status = 409 if isinstance(error, Conflict) else 422
        return await show_authentication(page, client_id, errors=errors, status=status)
    client = (await read_client(page.database, page.account_id, client_id)).client
    is_allowed = SELF_SIGNED_TLS in client.methods
    effect = "The client can authenticate by it." if is_allowed else f"Its method {SELF_SIGNED_TLS} is not allowed yet."
    text = f"The certificate {added.name[:60]} is registered. {effect}"
    return redirect(page, authentication_path(client_id), **flash_message(page, text))


@post(REMOVAL, **session_roles(ADMINISTRATORS))
async def remove(
    page: NamedDependency[PageRequest], client_id: FromPath[str], certificate_id: FromPath[str]
) -> Response[str]:
    listed = await list_certificates(page.database, page.account_id, client_id)
    found = next((one for one in listed if one.id == certificate_id), None)
    if found is None:
        raise NotFound
    if not confirmed(page):
        effects = [f"{found.name[:100]} can no longer be used. The live tokens that are bound to it are revoked."]
        if len(listed) == 1:
            effects.append("It is the client's only certificate.")
        question = Question(
            "Remove the certificate?", effects, "Remove certificate", "Keep it", authentication_path(client_id)
        )
        return ask_confirmation(page, question)
    asking = await ask_step_up(page, ACT)
    if asking is not None:
        return asking
    try:
        await remove_certificate(
            page.database, page.services.notices, page.actor, page.account_id, client_id, certificate_id
        )
    except Conflict as error:
        return await show_authentication(page, client_id, errors=whole_form(error.description), status=409)
    text = "The certificate is removed, and the tokens bound to it are revoked."
    return redirect(page, authentication_path(client_id), **flash_message(page, text))


@get([BINDING, CERTIFICATES], **session_roles(ADMINISTRATORS))
async def back_from_form(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return redirect(page, authentication_path(client_id))


@get(REMOVAL, **session_roles(ADMINISTRATORS))
async def back_from_removal(
    page: NamedDependency[PageRequest], client_id: FromPath[str], certificate_id: FromPath[str]
) -> Response[str]:
    return redirect(page, authentication_path(client_id))


HANDLERS = (save, add, remove, back_from_form, back_from_removal)


def _summary(edit: Edit) -> str:
    if not edit.changed:
        return "Nothing changed."
    return f"Saved. {', '.join(BINDINGS[name] for name in BINDINGS if name in edit.changed)} changed."
