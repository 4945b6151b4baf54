"""`/account/api-access`: lists and creates clients, and shows and tests a new secret."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import now_ms
from linkxg.console.client_state import ClientState, state_of, unused_scopes
from linkxg.console.expiry_day import end_of_day, expiry_fault
from linkxg.console.flash_messages import Notice
from linkxg.console.form_errors import FormErrors, of_api_error
from linkxg.console.guard import PageRequest
from linkxg.console.page_forms import PageForm
from linkxg.console.pages import download, redirect, render
from linkxg.console.rejection_reasons import LABELS
from linkxg.console.step_up import ask_step_up
from linkxg.console.try_credential import CREDENTIAL_TESTS, try_credential
from linkxg.errors import Conflict, InvalidRequest, InvalidScope
from linkxg.http.client_ip import parse_network
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.read_account import read_account
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.model import MAX_CIDRS, MAX_NAME
from linkxg.identity.clients.notify_owners import mail_client_created
from linkxg.identity.clients.read_client import client_names, read_client, search_clients
from linkxg.identity.clients.record_secret_test import record_secret_test
from linkxg.identity.clients.register_client import register_client
from linkxg.identity.clients.rejections.list_rejections import list_rejections
from linkxg.identity.tokens.scopes import SCOPES, format_scope
from linkxg.rejection_causes import Cause

PAGE_SIZE = 20
SORTS = ("name", "created", "used")
LIST = "/account/api-access"
FIELDS = {
    "client_name": ("name", "name"),
    "allowed_cidrs": ("ranges", "address ranges"),
    "expires_at": ("expires", "expiry"),
    "scope": ("scope", "scopes"),
    "resource": ("resource", "resource"),
}
"""The form's field and label for each member of the API."""


class ClientRow(NamedTuple):
    """A client in the list; times in milliseconds."""

    id: str
    name: str
    scopes: list[str]
    created_at: int
    last_used_at: int | None
    state: ClientState
    unused: int
    resource: str | None


@get(LIST, **session_roles(ADMINISTRATORS))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    query = page.query
    name = query.text("q").strip()[:200]
    sort = query.text("sort") if query.text("sort") in SORTS else "name"
    number = int(query.text("page")) if query.text("page").isdecimal() and len(query.text("page")) < 6 else 1
    offset = max(0, number - 1) * PAGE_SIZE
    found = await search_clients(page.database, page.account_id, name=name, sort=sort, offset=offset, limit=PAGE_SIZE)
    refused = await list_rejections(page.database, page.account_id, limit=3)
    names = {client.id: client.name for client in found.clients}
    absent = {one.client_id for one in refused} - names.keys()
    if absent:
        names |= await client_names(page.database, page.account_id, absent)
    now = now_ms()
    rows = [
        ClientRow(
            client.id,
            client.name,
            format_scope(client.scopes).split(),
            client.created_at,
            client.last_used_at,
            state_of(client, now),
            len(unused_scopes(client, found.used[client.id], now)),
            client.resource,
        )
        for client in found.clients
    ]
    return render(
        page,
        "api_access.html",
        rows=rows,
        total=found.total,
        name=name,
        sort=sort,
        number=max(1, number),
        pages=-(-found.total // PAGE_SIZE),
        refused=refused,
        labels=LABELS,
        cause=Cause,
        names=names,
    )


@get(f"{LIST}/new", **session_roles(ADMINISTRATORS))
async def new(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _form(page)


@post(f"{LIST}/new", **session_roles(ADMINISTRATORS))
async def create(page: NamedDependency[PageRequest]) -> Response[str]:
    form = page.form

    async def back() -> Response[str]:
        return await _form(page)

    asking = await ask_step_up(page, "create the client", back=back)
    if asking is not None:
        return asking
    errors = check_settings(form)
    fault = expiry_fault(form.text("expires"))
    if fault:
        errors.add("expires", fault)
    if errors:
        return await _form(page, errors=errors)
    try:
        created, replayed = await register_client(
            page.database,
            page.services.server_key,
            page.actor,
            page.account_id,
            name=form.text("name").strip(),
            scope=" ".join(form.all("scope")),
            resource=form.text("resource").strip() or None,
            # An empty field is a decision: never, whatever the default of the account.
            expires_at=end_of_day(form.text("expires")) or 0,
            allowed_cidrs=form.items("ranges"),
            self_rotation=form.text("self_rotation") == "yes",
            idempotency_key=form.idempotency_key,
        )
    except (Conflict, InvalidRequest, InvalidScope) as error:
        return await _form(page, errors=of_api_error(error.description, FIELDS))
    if not replayed:
        mail_client_created(page.services.notices, page.actor, page.account_id, created.client_id)
    return show_secret(
        page,
        created.client_id,
        created.client_name,
        created.scope,
        created.client_secret,
        resource=created.resource or None,
        notice=Notice("Done", "The client is created."),
    )


@post(f"{LIST}/{{client_id:str}}/test", **session_roles(ADMINISTRATORS))
async def test(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    secret = page.form.text("client_secret")
    client = (await read_client(page.database, page.account_id, client_id)).client
    await page.services.limits.spend(CREDENTIAL_TESTS, page.account_id)
    trial = await try_credential(page.services.token_endpoint, page.context, client_id, secret)
    if trial.status == 200:
        await record_secret_test(page.database, page.actor, page.account_id, client_id, secret)
    scope = format_scope(client.scopes)
    return show_secret(page, client_id, client.name, scope, secret, trial=trial, resource=client.resource)


@post(f"{LIST}/{{client_id:str}}/env", **session_roles(ADMINISTRATORS))
async def environment(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    await read_client(page.database, page.account_id, client_id)
    secret = page.form.text("client_secret")
    if not secret.isascii() or (not secret.isalnum() and not secret.replace("_", "").isalnum()):
        raise InvalidRequest("This is not a client secret.")
    lines = (
        f"LINKXG_BASE_URL={page.services.public_url}/api/v1",
        f"LINKXG_CLIENT_ID={client_id}",
        f"LINKXG_CLIENT_SECRET={secret}",
    )
    return download(page, "\n".join(lines) + "\n", "text/plain", "linkxg.env")


@get([f"{LIST}/{{client_id:str}}/test", f"{LIST}/{{client_id:str}}/env"], **session_roles(ADMINISTRATORS))
async def back(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    """Reloading the page leads to the client; the secret is not shown again."""
    return redirect(page, f"{LIST}/{client_id}")


HANDLERS = (listing, new, create, test, environment, back)


def show_secret(page: PageRequest, client_id: str, name: str, scope: str, secret: str, **values: Any) -> Response[str]:
    """The page that shows a secret, once."""
    shown: dict[str, Any] = {"trial": None, "rotated": None, "resource": None, **values}
    return render(
        page,
        "secret.html",
        client_id=client_id,
        name=name,
        scope=scope,
        secret=secret,
        api=f"{page.services.public_url}/api/v1",
        **shown,
    )


async def _form(page: PageRequest, *, errors: FormErrors | None = None) -> Response[str]:
    today = datetime.now(UTC).date()
    days = (await read_account(page.database, page.account_id)).client_lifetime_days
    default = (today + timedelta(days=days)).isoformat() if days else ""
    return render(
        page,
        "new_client.html",
        status=422 if errors else 200,
        key=page.form.key_or_new(),
        grantable=[(scope, text) for scope, text in SCOPES.items() if scope in page.scopes],
        chosen=page.form.all("scope"),
        first_day=(today + timedelta(days=1)).isoformat(),
        expires=page.form.text("expires") if page.form.pairs else default,
        errors=errors,
    )


def check_settings(form: PageForm, resource: str | None = None) -> FormErrors:
    """Errors of the settings, with the line for address ranges; `resource` is that of a resource server."""
    errors = FormErrors()
    name = form.text("name").strip()
    if not name:
        errors.add("name", "Enter a name.")
    elif len(name) > MAX_NAME:
        errors.add("name", f"A name has 1 to {MAX_NAME} characters; this one has {len(name)}.")
    is_resource_server = bool(resource or form.text("resource").strip())
    if not is_resource_server and not form.all("scope"):
        errors.add("scope", "Select at least one scope.")
    elif is_resource_server and form.all("scope"):
        errors.add("scope", "A resource server has no scopes. Clear them, or the resource.")
    ranges = len(form.items("ranges"))
    if ranges > MAX_CIDRS:
        errors.add("ranges", f"Enter at most {MAX_CIDRS} address ranges; there are {ranges}.")
        return errors
    for number, line in enumerate(form.text("ranges").splitlines(), 1):
        for text in line.replace(",", " ").split():
            fault = _range_fault(text)
            if fault:
                errors.add("ranges", f"Line {number}, {text[:60]}: {fault}")
    return errors


def _range_fault(text: str) -> str:
    try:
        parse_network(text)
    except ValueError:
        try:
            inside = ipaddress.ip_interface(text)
            return f"enter {inside.network} for the whole range, or {inside.ip} for this address alone."
        except ValueError:
            return "this is not an address range such as 203.0.113.0/24."
    return ""
