"""`/epcis/queries`: named queries, which are views on the events, and their events (EPCIS 2.0 §12.6)."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.errors import Conflict, InvalidRequest, NotAcceptable, NotFound, TransferCodingNotImplemented
from linkxg.http.headers import REPLAYED, IdempotencyKey, header, replay
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.network.epcis.discovery_endpoint import discovery
from linkxg.network.epcis.http_pages import (
    DEFAULT_PER_PAGE,
    PAGED,
    PATH,
    TYPES,
    PageToken,
    PerPage,
    next_page,
    open_token,
    parameters_of,
    read_segment,
)
from linkxg.network.epcis.query.events_response import (
    DOCUMENT,
    QUERY_ERRORS,
    EpcFormatHeader,
    Extensions,
    QueryServices,
    events_response,
    read_asked,
)
from linkxg.network.epcis.query.named_queries import (
    QUERIES,
    create_query,
    delete_query,
    list_named_queries,
    read_named,
    read_named_query,
)
from linkxg.network.epcis.query.named_query_model import NamedQuery
from linkxg.network.epcis.scopes import CHANGE_SCOPE, SCOPE

_PATH = "/epcis/queries/{query_name:str}"


@post(
    "/epcis/queries",
    operation_id="createEpcisQuery",
    errors=(Conflict, InvalidRequest, NotAcceptable, TransferCodingNotImplemented),
    response_headers=[header("Location", "The address of the query."), REPLAYED],
    **scope(CHANGE_SCOPE, QUERIES),
)
async def create(
    request: Request[Any, Any, Any],
    services: NamedDependency[QueryServices],
    data: JSONBody[NamedQuery],
    idempotency_key: IdempotencyKey = None,
) -> Response[NamedQuery]:
    """Create a named query: a view on the events.

    Its parameters are those of `GET /epcis/events`, and are checked now.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    made = await create_query(services.database, actor, account_id, data, idempotency_key)
    headers = {"Location": f"{services.public_url}{PATH}/queries/{made.value.name}", **replay(made.replayed)}
    return Response(made.value, headers=headers)


@get("/epcis/queries", operation_id="listEpcisQueries", errors=(NotAcceptable,), response_headers=PAGED,
     **scope(SCOPE))  # fmt: skip
async def listing(
    request: Request[Any, Any, Any],
    services: NamedDependency[QueryServices],
    per_page: PerPage = DEFAULT_PER_PAGE,
    token: PageToken = None,
) -> Response[list[NamedQuery]]:
    """The named queries of the account, by name."""
    account_id = account_id_of(request.scope)
    filters = {"list": "epcis queries", "account": account_id}
    after = (open_token(services, token, filters) or [""])[0]
    found, more = await list_named_queries(services.database, account_id, after=after, limit=per_page)
    position = [found[-1].name] if more else None
    headers = next_page(request, services, parameters_of(request), position, filters, per_page=per_page)
    return Response(found, headers=headers)


@get(_PATH, operation_id="readEpcisQuery", errors=(NotFound, NotAcceptable), **scope(SCOPE))
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[QueryServices], query_name: FromPath[str]
) -> Response[NamedQuery]:
    """The definition of a named query."""
    return Response(await read_named_query(services.database, account_id_of(request.scope), read_segment(query_name)))


@delete(_PATH, operation_id="deleteEpcisQuery", status_code=204, errors=(NotFound, NotAcceptable),
        **scope(CHANGE_SCOPE))  # fmt: skip
async def remove(
    request: Request[Any, Any, Any], services: NamedDependency[QueryServices], query_name: FromPath[str]
) -> None:
    """Delete a named query and its subscriptions."""
    actor = actor_of(context_of(request.scope))
    account_id, name = account_id_of(request.scope), read_segment(query_name)
    await delete_query(services.database, actor, account_id, name, services.end_subscriptions)


@get(
    f"{_PATH}/events",
    operation_id="findEventsOfEpcisQuery",
    gives=dict.fromkeys(TYPES, DOCUMENT),
    errors=(*QUERY_ERRORS, NotFound),
    response_headers=PAGED,
    **scope(SCOPE, reads_query=True),
)
async def events_of(
    request: Request[Any, Any, Any],
    services: NamedDependency[QueryServices],
    query_name: FromPath[str],
    epc_format: EpcFormatHeader = "Always_GS1_Digital_Link",
    extensions: Extensions = None,
    per_page: PerPage = DEFAULT_PER_PAGE,
    token: PageToken = None,
) -> Response[bytes]:
    """The events of a named query; parameters in the address are further conditions."""
    asked = read_asked(request, extensions)
    named = await read_named_query(services.database, account_id_of(request.scope), read_segment(query_name))
    query = read_named(named.query)
    return await events_response(request, services, asked, epc_format, per_page, named=(named.name, query))


HANDLERS: list[HTTPRouteHandler] = [
    create,
    listing,
    read,
    remove,
    events_of,
    *map(
        discovery,
        (
            "/epcis/queries",
            _PATH,
            f"{_PATH}/events",
        ),
    ),
]
