"""`/requests`: what partners ask for, and what the account asks of them."""

from typing import Any, get_args

from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.requests.model import RequestDirection, RequestType
from linkxg.network.requests.read_requests import list_requests

REQUESTS = "/requests"
ON_A_PAGE = 50
REQUEST_TYPES: dict[RequestType, str] = {
    "PRODUCT": "Product data",
    "TRACE": "Traceability data",
    "DPP": "Digital Product Passport",
}
SHOW: dict[str, RequestDirection] = {"incoming": "INCOMING", "outgoing": "OUTGOING"}


@get(REQUESTS, **session_roles(EVERYONE))
async def inbox(page: NamedDependency[PageRequest]) -> Response[str]:
    """The incoming ones that wait for an answer and the own ones; `show` lists all of one direction."""
    database, account_id = page.database, page.account_id
    show, before = page.query.text("show"), page.query.text("before") or None
    lists: dict[str, Any] = {"waiting": [], "found": [], "more_own": False}
    if show in SHOW:
        found, more = await list_requests(database, account_id, before=before, limit=ON_A_PAGE, direction=SHOW[show])
        lists["found"] = found
    else:
        show = ""
        waiting, more = await list_requests(
            database, account_id, before=before, limit=ON_A_PAGE, direction="INCOMING", status="PENDING"
        )
        own, more_own = await list_requests(database, account_id, before=None, limit=ON_A_PAGE, direction="OUTGOING")
        lists = {"waiting": waiting, "found": own, "more_own": more_own}
    paged = lists["found"] if show else lists["waiting"]
    return render(
        page,
        "requests.html",
        **lists,
        show=show,
        begun=before,
        older=paged[-1].id if more else None,
        types=REQUEST_TYPES,
    )


HANDLERS = (inbox,)

assert set(REQUEST_TYPES) == set(get_args(RequestType))
