"""`/connections/{connection_id}/requests` and `/requests…`."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import Conflict, InvalidState
from linkxg.http.headers import LINK, REPLAYED, IdempotencyKey, header, replay
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.requests.approve_request import approve_request
from linkxg.network.requests.decline_request import cancel_request, decline_request
from linkxg.network.requests.model import (
    ApproveShareRequest,
    CreateShareRequest,
    DeclineShareRequest,
    RequestDirection,
    RequestStatus,
    ShareRequest,
)
from linkxg.network.requests.read_requests import list_requests, read_request
from linkxg.network.requests.send_request import REQUESTS, send_request

TAG = Tag(
    "Requests", "A partner asks for a product, a trace or a passport; the owner approves with a share, or declines."
)
PATH = "/api/v1/requests"
_LOCATION = header("Location", "The address of the request.")


@dataclass(frozen=True, slots=True)
class RequestServices:
    database: Database
    cursors: Cursors
    public_url: str


@post(
    "/connections/{connection_id:str}/requests",
    operation_id="sendShareRequest",
    errors=(Conflict, InvalidState),
    response_headers=[_LOCATION, REPLAYED],
    **scope("connections:write", REQUESTS),
)
async def send(
    request: Request[Any, Any, Any],
    services: NamedDependency[RequestServices],
    connection_id: FromPath[str],
    data: JSONBody[CreateShareRequest],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ShareRequest]]:
    """Ask a partner for a share. The answer does not tell whether they have the product."""
    outcome = await send_request(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        connection_id,
        data,
        idempotency_key,
    )
    response = _response(outcome)
    response.headers["Location"] = f"{services.public_url}{PATH}/{outcome.value.id}"
    return response


@get("/requests", operation_id="listShareRequests", response_headers=[LINK], **scope("connections:read"))
async def list_all(
    request: Request[Any, Any, Any],
    services: NamedDependency[RequestServices],
    direction: FromQuery[RequestDirection | None] = None,
    status: FromQuery[RequestStatus | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[ShareRequest]]:
    """The requests to and by the account, newest first."""
    account_id = account_id_of(request.scope)
    asked: dict[str, Any] = {"direction": direction, "status": status}
    filters = {"list": "share requests", "account": account_id, **asked}
    before = services.cursors.open(cursor, filters)[0] if cursor else None
    found, more = await list_requests(services.database, account_id, before=before, limit=limit, **asked)
    following = services.cursors.seal([found[-1].id], filters) if more else None
    return page_response(found, following, services.public_url + PATH, limit=limit, **asked)


@get("/requests/{request_id:str}", operation_id="readShareRequest", **scope("connections:read"))
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[RequestServices], request_id: FromPath[str]
) -> Success[ShareRequest]:
    """One request."""
    return Success(data=await read_request(services.database, account_id_of(request.scope), request_id))


@post(
    "/requests/{request_id:str}/approve",
    operation_id="approveShareRequest",
    errors=(Conflict, InvalidState),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write"),
)
async def approve(
    request: Request[Any, Any, Any],
    services: NamedDependency[RequestServices],
    request_id: FromPath[str],
    data: JSONBody[ApproveShareRequest],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ShareRequest]]:
    """Approve a request: the requester sees the product until the share expires."""
    outcome = await approve_request(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        request_id,
        data,
        idempotency_key,
    )
    return _response(outcome)


@post(
    "/requests/{request_id:str}/decline",
    operation_id="declineShareRequest",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write"),
)
async def decline(
    request: Request[Any, Any, Any],
    services: NamedDependency[RequestServices],
    request_id: FromPath[str],
    data: JSONBody[DeclineShareRequest | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ShareRequest]]:
    """Decline a request. The requester sees the reason."""
    outcome = await decline_request(
        services.database,
        actor_of(context_of(request.scope)),
        account_id_of(request.scope),
        request_id,
        data.reason if data else None,
        idempotency_key,
    )
    return _response(outcome)


@post(
    "/requests/{request_id:str}/cancel",
    operation_id="cancelShareRequest",
    errors=(InvalidState,),
    status_code=200,
    response_headers=[REPLAYED],
    **scope("connections:write"),
)
async def cancel(
    request: Request[Any, Any, Any],
    services: NamedDependency[RequestServices],
    request_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[ShareRequest]]:
    """Cancel a request of your own that has not been decided."""
    actor = actor_of(context_of(request.scope))
    outcome = await cancel_request(services.database, actor, account_id_of(request.scope), request_id, idempotency_key)
    return _response(outcome)


def _response(outcome: IdempotentOutcome[ShareRequest]) -> Response[Success[ShareRequest]]:
    return Response(Success(data=outcome.value), headers=replay(outcome.replayed))


def router(services: RequestServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[send, list_all, read, approve, decline, cancel],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
