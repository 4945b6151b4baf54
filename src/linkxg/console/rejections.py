"""`/account/refusals`: recently rejected requests with their exact cause, which the API never reveals."""

from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.rejection_reasons import LABELS, explain
from linkxg.errors import NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.clients.read_client import read_client
from linkxg.identity.clients.rejections.list_rejections import list_rejections
from linkxg.ids import is_uuid
from linkxg.rejection_causes import Cause

SHOWN = 50


@get("/account/refusals", **session_roles(ADMINISTRATORS))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    client_id = page.query.text("client")[:64] or None
    cause = page.query.text("cause") if page.query.text("cause") in set(Cause) else None
    before = page.query.text("before") if is_uuid(page.query.text("before")) else None
    found = await list_rejections(
        page.database, page.account_id, client_id=client_id, cause=cause, before=before, limit=SHOWN + 1
    )
    more, found = len(found) > SHOWN, found[:SHOWN]
    filters = {name: value for name, value in (("client", client_id), ("cause", cause)) if value}
    clients = {}
    for one in {row.client_id for row in found} | ({client_id} if client_id else set()):
        try:
            clients[one] = (await read_client(page.database, page.account_id, one)).client
        except NotFound:
            continue
    return render(
        page,
        "refused.html",
        found=[(one, clients.get(one.client_id), explain(one, clients.get(one.client_id))) for one in found],
        client=clients.get(client_id) if client_id else None,
        client_id=client_id,
        cause=cause,
        labels=LABELS,
        newest="/account/refusals?" + urlencode(filters) if before else None,
        older="/account/refusals?" + urlencode({**filters, "before": found[-1].id}) if more else None,
    )


HANDLERS = (listing,)
