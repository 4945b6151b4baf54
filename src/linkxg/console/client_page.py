"""`/account/api-access/{client_id}`: one client, what it does, and what can be changed about it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.accounts.manage_user import list_people
from linkxg.clients.change_client import ClientChange, change_client, delete_client
from linkxg.clients.refused.list_refused import list_refused
from linkxg.clients.show import read_client
from linkxg.clock import now_ms
from linkxg.console.api_access import LIST, _in_words
from linkxg.console.causes import explain
from linkxg.console.chart import DAYS, usage_chart
from linkxg.console.client_state import evidence, state_of, unused_scopes
from linkxg.console.confirm import ask_password
from linkxg.console.guard import Visit, visit_of
from linkxg.console.pages import go, page
from linkxg.console.parts import Parts
from linkxg.errors import InvalidRequest, InvalidScope
from linkxg.tokens.scopes import SCOPES
from linkxg.web.permits import ADMINISTRATORS, session_roles

ONE = f"{LIST}/{{client_id:str}}"


def routes(parts: Parts) -> list[HTTPRouteHandler]:
    @get(ONE, **session_roles(ADMINISTRATORS))
    async def show(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[str]:
        return await _show(parts, visit_of(request), client_id)

    @post(ONE, **session_roles(ADMINISTRATORS))
    async def save(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        form = visit.form
        asking = await ask_password(parts, visit, "change the client")
        if asking is not None:
            return asking
        try:
            if not form.all("scope"):
                raise InvalidRequest("Select at least one scope; to stop the client, disable it.")
            change = ClientChange(
                name=form.text("name").strip(),
                scope=" ".join(form.all("scope")),
                allowed_cidrs=form.lines("ranges"),
                self_rotation=form.text("self_rotation") == "yes",
            )
            await change_client(parts.database, visit.actor, visit.account_id, client_id, change)
        except (InvalidRequest, InvalidScope) as error:
            return await _show(parts, visit, client_id, error=_in_words(error.description))
        return go(visit, f"{LIST}/{client_id}", done="saved")

    @post(f"{ONE}/disable", **session_roles(ADMINISTRATORS))
    async def disable(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        change = ClientChange(disabled=True)
        await change_client(parts.database, visit.actor, visit.account_id, client_id, change)
        return go(visit, f"{LIST}/{client_id}", done="disabled")

    @post(f"{ONE}/enable", **session_roles(ADMINISTRATORS))
    async def enable(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        asking = await ask_password(parts, visit, "enable the client")
        if asking is not None:
            return asking
        change = ClientChange(disabled=False)
        await change_client(parts.database, visit.actor, visit.account_id, client_id, change)
        return go(visit, f"{LIST}/{client_id}", done="enabled")

    @get(f"{ONE}/delete", **session_roles(ADMINISTRATORS))
    async def ask_delete(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        detail = await read_client(parts.database, visit.account_id, client_id, days=1)
        tokens = sum(row.tokens for row in detail.usage)
        live = len(detail.client.live_secrets(now_ms()))
        return page(visit, "delete_client.html", client=detail.client, live=live, tokens=tokens)

    @post(f"{ONE}/delete", **session_roles(ADMINISTRATORS))
    async def delete(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        asking = await ask_password(parts, visit, "delete the client")
        if asking is not None:
            return asking
        await delete_client(parts.database, visit.actor, visit.account_id, client_id)
        return go(visit, LIST, done="deleted")

    @get([f"{ONE}/disable", f"{ONE}/enable"], **session_roles(ADMINISTRATORS))
    async def back(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[str]:
        return go(visit_of(request), f"{LIST}/{client_id}")

    return [show, save, disable, enable, ask_delete, delete, back]


async def _show(parts: Parts, visit: Visit, client_id: str, *, error: str | None = None) -> Response[str]:
    detail = await read_client(parts.database, visit.account_id, client_id, days=DAYS)
    people = await list_people(parts.database, visit.account_id)
    refused = await list_refused(parts.database, visit.account_id, client_id=client_id, limit=5)
    client, now = detail.client, now_ms()
    live = client.live_secrets(now)
    used = {scope: row.last_used_at for scope, row in detail.scopes.items()}
    form = visit.form
    return page(
        visit,
        "client.html",
        status=422 if error else 200,
        client=client,
        state=state_of(client, now),
        creator=next((person.email for person in people if person.id == client.created_by), "a person since removed"),
        live=live,
        proof=evidence(live[0], live[-1], now) if len(live) > 1 else None,
        chart=usage_chart(detail.usage),
        used=used,
        unused=unused_scopes(client, used, now),
        refused=[(one, explain(one, client)) for one in refused],
        grantable=[(scope, text) for scope, text in SCOPES.items() if scope in visit.scopes],
        filled={
            "name": form.text("name") if error else client.name,
            "scopes": form.all("scope") if error else client.scopes,
            "ranges": form.text("ranges") if error else "\n".join(client.cidrs),
            "self_rotation": form.text("self_rotation") == "yes" if error else client.self_rotation,
        },
        error=error,
    )
