"""`/account/refusals`: what was refused lately, and the exact cause that the wire never tells."""

from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from linkxg.clients.refused.list_refused import list_refused
from linkxg.clients.show import read_client
from linkxg.console.causes import LABELS, explain
from linkxg.console.guard import visit_of
from linkxg.console.pages import page
from linkxg.console.parts import Parts
from linkxg.errors import Cause, NotFound
from linkxg.web.permits import ADMINISTRATORS, session_roles

SHOWN = 100


def routes(parts: Parts) -> list[HTTPRouteHandler]:
    @get("/account/refusals", **session_roles(ADMINISTRATORS))
    async def listing(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        client_id = visit.query.text("client")[:64] or None
        cause = visit.query.text("cause") if visit.query.text("cause") in set(Cause) else None
        found = await list_refused(parts.database, visit.account_id, client_id=client_id, cause=cause, limit=SHOWN)
        clients = {}
        for one in {row.client_id for row in found} | ({client_id} if client_id else set()):
            try:
                clients[one] = (await read_client(parts.database, visit.account_id, one)).client
            except NotFound:
                continue
        return page(
            visit,
            "refused.html",
            found=[(one, clients.get(one.client_id), explain(one, clients.get(one.client_id))) for one in found],
            client=clients.get(client_id) if client_id else None,
            client_id=client_id,
            cause=cause,
            labels=LABELS,
            limit=SHOWN,
        )

    return [listing]
