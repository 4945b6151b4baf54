"""`…/keys` and `…/trusts`: adds and removes the keys and trusted workloads of a client."""

from functools import partial

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.client_authentication import ACT, authentication_path, refuse_over_budget, show_authentication
from linkxg.console.client_page import CLIENT
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.form_errors import FormErrors, of_api_error, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect
from linkxg.console.step_up import ask_step_up
from linkxg.errors import Conflict, InvalidRequest, NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.client_assertions.manage_credentials import (
    KEY_KINDS,
    TRUST_KINDS,
    CredentialDocument,
    add_credential,
    list_credentials,
    remove_credential,
)
from linkxg.identity.client_assertions.public_key import read_key_text
from linkxg.identity.client_assertions.trust_rules import check_jwks_uri, check_trust

_NAMELESS = "Enter a name by which you will know it again."
_FIELDS = {
    "jwk or pem": ("public_key", "Public key"),
    "jwks_uri": ("jwks_uri", "JWKS URI"),
    "issuer": ("issuer", "Issuer"),
    "audience": ("audience", "Audience"),
    "claims": ("claims", "Claims"),
}
_KEY_FIELDS, _TRUST_FIELDS = _FIELDS | {"name": ("key_name", "Name")}, _FIELDS | {"name": ("trust_name", "Name")}


@post(f"{CLIENT}/keys", **session_roles(ADMINISTRATORS))
async def add_key(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    form = page.form
    text, uri = form.text("public_key").strip(), form.text("jwks_uri").strip()
    if bool(text) == bool(uri):
        message = "Enter a public key or a JWKS URI." if not text else "Enter a public key or a JWKS URI, not both."
        return await show_authentication(page, client_id, errors=FormErrors([("public_key", message)]))
    try:
        document: CredentialDocument = check_jwks_uri(uri) if uri else read_key_text(text)
    except InvalidRequest as error:
        # Before the step-up, whose page carries the form: a private key is not to be carried.
        return await show_authentication(page, client_id, errors=of_api_error(error.description, _KEY_FIELDS))
    if not form.text("key_name").strip():
        return await show_authentication(page, client_id, errors=FormErrors([("key_name", _NAMELESS)]))
    asking = await ask_step_up(page, ACT, back=partial(show_authentication, page, client_id))
    if asking is not None:
        return asking
    return await _add(page, client_id, form.text("key_name"), document, "key")


@post(f"{CLIENT}/trusts", **session_roles(ADMINISTRATORS))
async def add_trust(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    form = page.form
    claims: dict[str, str] = {}
    for line in filter(None, map(str.strip, form.text("claims").splitlines())):
        name, separator, value = line.partition("=")
        if not separator or name.strip() in claims:
            message = "Enter one claim per line, such as repository=acme/erp, each name once."
            return await show_authentication(page, client_id, errors=FormErrors([("claims", message)]))
        claims[name.strip()] = value.strip()
    issuer, audience = form.text("issuer").strip(), form.text("audience").strip()
    try:
        document = check_trust(issuer, audience, claims, own_issuer=page.services.public_url)
    except InvalidRequest as error:
        return await show_authentication(page, client_id, errors=of_api_error(error.description, _TRUST_FIELDS))
    if not form.text("trust_name").strip():
        return await show_authentication(page, client_id, errors=FormErrors([("trust_name", _NAMELESS)]))
    asking = await ask_step_up(page, ACT, back=partial(show_authentication, page, client_id))
    if asking is not None:
        return asking
    return await _add(page, client_id, form.text("trust_name"), document, "trust")


@post(f"{CLIENT}/keys/{{key_id:str}}/remove", **session_roles(ADMINISTRATORS))
async def remove_key(
    page: NamedDependency[PageRequest], client_id: FromPath[str], key_id: FromPath[str]
) -> Response[str]:
    question = await _question(page, client_id, key_id, KEY_KINDS, "Remove this key?", "Remove key")
    if question is not None:
        return question
    asking = await ask_step_up(page, ACT)
    if asking is not None:
        return asking
    return await _remove(page, client_id, key_id, KEY_KINDS, "key-removed")


@post(f"{CLIENT}/trusts/{{trust_id:str}}/remove", **session_roles(ADMINISTRATORS))
async def remove_trust(
    page: NamedDependency[PageRequest], client_id: FromPath[str], trust_id: FromPath[str]
) -> Response[str]:
    title, button = "Trust this workload no more?", "Remove workload"
    question = await _question(page, client_id, trust_id, TRUST_KINDS, title, button)
    if question is not None:
        return question
    asking = await ask_step_up(page, ACT)
    if asking is not None:
        return asking
    return await _remove(page, client_id, trust_id, TRUST_KINDS, "trust-removed")


@get([f"{CLIENT}/keys", f"{CLIENT}/trusts"], **session_roles(ADMINISTRATORS))
async def back(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return redirect(page, authentication_path(client_id))


@get(f"{CLIENT}/keys/{{key_id:str}}/remove", **session_roles(ADMINISTRATORS))
async def back_from_key(
    page: NamedDependency[PageRequest], client_id: FromPath[str], key_id: FromPath[str]
) -> Response[str]:
    return redirect(page, authentication_path(client_id))


@get(f"{CLIENT}/trusts/{{trust_id:str}}/remove", **session_roles(ADMINISTRATORS))
async def back_from_trust(
    page: NamedDependency[PageRequest], client_id: FromPath[str], trust_id: FromPath[str]
) -> Response[str]:
    return redirect(page, authentication_path(client_id))


HANDLERS = (add_key, add_trust, remove_key, remove_trust, back, back_from_key, back_from_trust)


async def _add(page: PageRequest, client_id: str, name: str, document: CredentialDocument, what: str) -> Response[str]:
    fields = _TRUST_FIELDS if what == "trust" else _KEY_FIELDS
    refused = await refuse_over_budget(page, client_id)
    if refused is not None:
        return refused
    try:
        added, _ = await add_credential(
            page.database,
            page.services.notices,
            page.services.provider_connections.providers.client,
            page.actor,
            page.account_id,
            client_id,
            name=name,
            document=document,
            idempotency_key=page.form.idempotency_key,
        )
    except InvalidRequest as error:
        return await show_authentication(page, client_id, errors=of_api_error(error.description, fields))
    except Conflict as error:
        return await show_authentication(page, client_id, errors=whole_form(error.description), status=409)
    state = "added" if added.read_fault is None else "unread"
    return redirect(page, authentication_path(client_id), done=f"{what}-{state}")


async def _question(
    page: PageRequest, client_id: str, credential_id: str, kinds: frozenset[str], title: str, button: str
) -> Response[str] | None:
    """The page that asks, unless it was answered. Raises NotFound."""
    found = await list_credentials(page.database, page.account_id, client_id, kinds)
    if credential_id not in {one.id for one in found}:
        raise NotFound
    if confirmed(page):
        return None
    effects = ["What uses it gets no tokens any more, and the live tokens of this client are revoked at once."]
    return ask_confirmation(page, Question(title, effects, button, "Keep it", authentication_path(client_id)))


async def _remove(
    page: PageRequest, client_id: str, credential_id: str, kinds: frozenset[str], done: str
) -> Response[str]:
    try:
        await remove_credential(
            page.database, page.services.notices, page.actor, page.account_id, client_id, credential_id, kinds
        )
    except Conflict as error:
        return await show_authentication(page, client_id, errors=whole_form(error.description), status=409)
    return redirect(page, authentication_path(client_id), done=done)
