"""`…/authentication`: how a client may authenticate, with its keys, trusted workloads and certificates."""

from functools import partial

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import now_ms, now_s
from linkxg.console.api_access import LIST
from linkxg.console.client_page import CLIENT
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import original_values
from linkxg.errors import Conflict, InvalidRequest, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.client_assertions.manage_credentials import KEY_KINDS, TRUST_KINDS, list_credentials
from linkxg.identity.client_assertions.model import KEY, MAX_KEYS, MAX_TRUSTS, key_view, trust_view
from linkxg.identity.clients.authentication_methods import (
    BY_SECRET,
    METHODS,
    PRIVATE_KEY_JWT,
    SECRET_BASIC,
    SECRET_POST,
    SELF_SIGNED_TLS,
    WORKLOAD_IDENTITY,
    format_methods,
)
from linkxg.identity.clients.change_client import ClientChange, change_client
from linkxg.identity.clients.client_services import CREDENTIAL_CHANGES
from linkxg.identity.clients.manage_certificates import list_certificates
from linkxg.identity.clients.model import MAX_CERTIFICATES, Client
from linkxg.identity.clients.pasted_text import holds_private_key
from linkxg.identity.clients.read_client import read_client

AUTHENTICATION = f"{CLIENT}/authentication"
ACT = "change how the client authenticates"
_NAMES = {
    SECRET_BASIC: "The client sends its secret in the header field Authorization.",
    SECRET_POST: "The client sends its secret in the form.",
    PRIVATE_KEY_JWT: "The client signs an assertion with a private key; its public key is registered below.",
    WORKLOAD_IDENTITY: "A token of a CI or a cluster stands for the client; the workload is named below.",
    SELF_SIGNED_TLS: "The client presents a certificate by mutual TLS; it is registered below.",
}
BINDINGS = {"dpop": "Tokens bound to a key", "bound": "Tokens bound to a certificate"}
"""The check boxes of the form, with their labels."""
_CHANGED = "Somebody else has changed the methods in the meantime. Check them, then choose again."


@get(AUTHENTICATION, **session_roles(ADMINISTRATORS))
async def show(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return await show_authentication(page, client_id)


@post(AUTHENTICATION, **session_roles(ADMINISTRATORS))
async def save(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    """Change the methods."""

    chosen = frozenset(page.form.all("method"))
    if not chosen or not chosen.issubset(METHODS):
        errors = FormErrors([("method", "Choose at least one method.")])
        return await show_authentication(page, client_id, errors=errors)
    client = (await read_client(page.database, page.account_id, client_id)).client
    if page.form.has("was.methods") and page.form.text("was.methods") != format_methods(client.methods):
        return await show_authentication(page, client_id, errors=FormErrors([("method", _CHANGED)]), status=409)
    asking = await ask_step_up(page, ACT, back=partial(show_authentication, page, client_id))
    if asking is not None:
        return asking
    revokes = page.form.text("revoke_secrets") == "yes" and not chosen & BY_SECRET
    change = ClientChange(methods=format_methods(chosen).split(), revoke_secrets=revokes)
    try:
        changed = await change_client(
            page.database, page.services.notices, page.actor, page.account_id, client_id, change, expected=client
        )
    except Conflict:
        return await show_authentication(page, client_id, errors=FormErrors([("method", _CHANGED)]), status=409)
    except InvalidRequest as error:
        return await show_authentication(page, client_id, errors=FormErrors([("method", error.description)]))
    message = "Saved."
    if client.methods - chosen:
        message += " The client's live tokens are revoked."
    if client.methods & BY_SECRET and not chosen & BY_SECRET and changed.secrets:
        message += " Its secrets are kept, and work again if you allow a secret again."
    if chosen & BY_SECRET and not client.methods & BY_SECRET:
        message += " ".join(f" The secret {secret.hint} works again." for secret in changed.secrets)
    return redirect(page, authentication_path(client_id), **flash_message(page, message))


HANDLERS = (show, save)


def authentication_path(client_id: str) -> str:
    return f"{LIST}/{client_id}/authentication"


async def refuse_over_budget(page: PageRequest, client_id: str) -> Response[str] | None:
    """Counts a credential that is added; the page with the error for a person who has added too many of late."""
    try:
        await page.services.limits.spend(CREDENTIAL_CHANGES, caller_key(page.account_id, page.person.user_id))
    except RateLimitExceeded as error:
        return await show_authentication(page, client_id, errors=wait_for_budget(error), status=error.status)
    return None


async def show_authentication(
    page: PageRequest, client_id: str, *, errors: FormErrors | None = None, status: int = 422
) -> Response[str]:
    """The page; with `errors` or a form, its fields hold the posted values, but never a private key."""
    client = (await read_client(page.database, page.account_id, client_id)).client
    keys = await list_credentials(page.database, page.account_id, client_id, KEY_KINDS)
    trusts = await list_credentials(page.database, page.account_id, client_id, TRUST_KINDS)
    certificates = await list_certificates(page.database, page.account_id, client_id)
    bound = binding_of(client)
    form, methods = page.form, format_methods(client.methods)
    pasted, certificate = form.text("public_key"), form.text("certificate")
    return render(
        page,
        "client_authentication.html",
        status=status if errors else 200,
        client=client,
        methods=_NAMES,
        # After an error of another form on the page, this one shows the stored values.
        chosen=form.all("method") if form.has("was.methods") else client.methods,
        was={"methods": form.text("was.methods") if form.has("was.methods") and status != 409 else methods},
        live=[] if client.resource else client.live_secrets(now_ms()),
        revokes=form.text("revoke_secrets") == "yes",
        keys=[key_view(one) for one in keys],
        trusts=[trust_view(one) for one in trusts],
        takes_key=len(keys) < MAX_KEYS and all(one.kind == KEY for one in keys),
        takes_uri=not keys,
        takes_trust=len(trusts) < MAX_TRUSTS,
        pasted="" if holds_private_key(pasted) else pasted,
        certificate="" if holds_private_key(certificate) else certificate,
        issuer=page.services.public_url,
        bound={name: form.text(name) == "yes" for name in bound} if form.has("was.dpop") else bound,
        was_bound=original_values(form, bound, bound) if form.has("was.dpop") else bound,
        certificates=certificates,
        takes_certificate=len(certificates) < MAX_CERTIFICATES,
        now_s=now_s(),
        key=form.key_or_new(),
        errors=errors,
    )


def binding_of(client: Client) -> dict[str, str]:
    """To what the tokens of a client are bound, as the values of the form."""
    chosen = {"dpop": client.dpop_bound, "bound": client.certificate_bound}
    return {name: "yes" if value else "" for name, value in chosen.items()}
