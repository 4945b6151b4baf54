"""`…/least-scope`: the scopes that a client has but never used."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import now_ms
from linkxg.console.api_access import LIST
from linkxg.console.client_page import CLIENT
from linkxg.console.client_state import is_new, unused_scopes
from linkxg.console.form_errors import whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.console.three_way_merge import ATTEMPTS, BUSY
from linkxg.errors import Conflict
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.change_client import ClientChange, change_client
from linkxg.identity.clients.read_client import read_client
from linkxg.identity.tokens.scopes import SCOPES


@get(f"{CLIENT}/least-scope", **session_roles(ADMINISTRATORS))
async def compare(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    return await _show(page, client_id)


@post(f"{CLIENT}/least-scope", **session_roles(ADMINISTRATORS))
async def narrow(page: NamedDependency[PageRequest], client_id: FromPath[str]) -> Response[str]:
    asking = await ask_step_up(page, "remove the scopes")
    if asking is not None:
        return asking
    for _ in range(ATTEMPTS):
        client = (await read_client(page.database, page.account_id, client_id)).client
        left = [scope for scope in SCOPES if scope in client.scopes and scope not in page.form.all("remove")]
        if not left:
            message = "A client must keep at least one scope; to stop it, disable or delete it."
            return await _show(page, client_id, error=message, status=422)
        change = ClientChange(scope=" ".join(left))
        try:
            await change_client(
                page.database, page.services.notices, page.actor, page.account_id, client_id, change, expected=client
            )
        except Conflict:
            continue
        return redirect(page, f"{LIST}/{client_id}", done="narrowed")
    return await _show(page, client_id, error=BUSY, status=409)


HANDLERS = (compare, narrow)


async def _show(page: PageRequest, client_id: str, *, error: str | None = None, status: int = 200) -> Response[str]:
    detail = await read_client(page.database, page.account_id, client_id)
    used = {scope: row.last_used_at for scope, row in detail.scopes.items()}
    now = now_ms()
    unused = unused_scopes(detail.client, used, now)
    granted = [scope for scope in SCOPES if scope in detail.client.scopes]
    return render(
        page,
        "least_scope.html",
        status=status,
        client=detail.client,
        granted=granted,
        scopes=detail.scopes,
        new=is_new(detail.client, now),
        unused=[scope for scope in granted if scope in unused],
        kept=[scope for scope in granted if scope not in unused],
        errors=whole_form(error),
    )
