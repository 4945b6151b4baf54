"""`/connections/{connection_id}/access-log`."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery

from linkxg.db import Database
from linkxg.http.headers import LINK
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of
from linkxg.http.route_declaration import Tag
from linkxg.network.access_log.model import ReadCount
from linkxg.network.access_log.read_log import read_access_log

TAG = Tag("Access log", "What partners read of what the account shares.")


@dataclass(frozen=True, slots=True)
class AccessLogServices:
    database: Database
    cursors: Cursors
    public_url: str


@get(
    "/connections/{connection_id:str}/access-log",
    operation_id="readAccessLog",
    response_headers=[LINK],
    **scope("connections:read"),
)
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[AccessLogServices],
    connection_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[ReadCount]]:
    """Which of your products the partner read, counted by hour, newest hour first. Kept for 400 days.

    Reads appear within seconds.
    """
    account_id = account_id_of(request.scope)
    filters = {"list": "access log", "account": account_id, "connection": connection_id}
    before = None
    if cursor:
        hour, product_id = services.cursors.open(cursor, filters)
        before = (hour, product_id)
    found, last = await read_access_log(services.database, account_id, connection_id, before=before, limit=limit)
    following = services.cursors.seal(list(last), filters) if last else None
    address = f"{services.public_url}/api/v1/connections/{connection_id}/access-log"
    return page_response(found, following, address, limit=limit)


def router(services: AccessLogServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[read],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
