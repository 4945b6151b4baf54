"""`/epcis`, `/epcis/events` and the collections below `/epcis` (EPCIS 2.0, query interface)."""

import asyncio
from typing import Any

from litestar import Request, Response, Router, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.clock import now_ms
from linkxg.errors import InvalidRequest, NotAcceptable, NotFound, TransferCodingNotImplemented
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of
from linkxg.http.route_declaration import Tag
from linkxg.network.epcis.discovery_endpoint import discovery, epcis_router
from linkxg.network.epcis.errors import ImplementationException
from linkxg.network.epcis.http_pages import (
    DEFAULT_PER_PAGE,
    PAGED,
    TYPES,
    PageToken,
    PerPage,
    media_type,
    next_page,
    open_token,
    parameters_of,
    read_segment,
)
from linkxg.network.epcis.query import collections_endpoint, named_queries_endpoint
from linkxg.network.epcis.query.events_response import (
    COLLECTION,
    DOCUMENT,
    QUERY_ERRORS,
    EpcFormatHeader,
    Extensions,
    QueryServices,
    events_response,
    read_asked,
)
from linkxg.network.epcis.query.find_events import read_event
from linkxg.network.epcis.query.query_document import write_collection, write_document
from linkxg.network.epcis.scopes import SCOPE

TAG = Tag("EPCIS query", "Events of the account, by the parameters, headers and bodies of EPCIS 2.0.")
RESOURCES = (
    "capture", "events", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions", "queries",
)  # fmt: skip


@get("/epcis", operation_id="listEpcisResources", gives=dict.fromkeys(TYPES, COLLECTION),
     errors=(NotAcceptable,), **scope(SCOPE))  # fmt: skip
async def resources(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The resources of this repository."""
    return Response(write_collection(RESOURCES), media_type=media_type(request))


@get(
    "/epcis/events",
    operation_id="findEvents",
    gives=dict.fromkeys(TYPES, DOCUMENT),
    errors=QUERY_ERRORS,
    response_headers=PAGED,
    **scope(SCOPE, reads_query=True),
)
async def events(
    request: Request[Any, Any, Any],
    services: NamedDependency[QueryServices],
    epc_format: EpcFormatHeader = "Always_GS1_Digital_Link",
    extensions: Extensions = None,
    per_page: PerPage = DEFAULT_PER_PAGE,
    token: PageToken = None,
) -> Response[bytes]:
    """Events that meet all parameters of EPCIS 2.0, the latest first.

    Values of a list are separated by `|`. Identifiers are found in any notation; `*` at the end of an EPC pattern
    stands for all serials. An unknown parameter is an error.
    """
    return await events_response(request, services, read_asked(request, extensions), epc_format, per_page)


@get(
    "/epcis/events/{event_id:str}",
    operation_id="readEvent",
    gives=dict.fromkeys(TYPES, DOCUMENT),
    errors=(InvalidRequest, NotAcceptable, NotFound),
    response_headers=PAGED,
    **scope(SCOPE),
)
async def event(
    request: Request[Any, Any, Any],
    services: NamedDependency[QueryServices],
    event_id: FromPath[str],
    epc_format: EpcFormatHeader = "Always_GS1_Digital_Link",
    per_page: PerPage = DEFAULT_PER_PAGE,
    token: PageToken = None,
) -> Response[bytes]:
    """An event and its error declarations, which have the same id.

    The event is first, then the declarations in the order of their times. The id is one segment of the path,
    percent-encoded.
    """
    account_id, name = account_id_of(request.scope), read_segment(event_id)
    filters = {"list": "epcis event", "account": account_id, "event": name}
    at = open_token(services, token, filters)
    page = await read_event(services.database, account_id, name, at=at, limit=per_page)
    body = await asyncio.to_thread(write_document, page.found, created=now_ms(), epc_format=epc_format)
    headers = next_page(request, services, parameters_of(request), page.position, filters, per_page=per_page)
    return Response(body, media_type=media_type(request), headers=headers)


@delete("/epcis/nextPageToken/{token:str}", operation_id="deletePageToken", status_code=204,
        errors=(TransferCodingNotImplemented,), **scope(SCOPE))  # fmt: skip
async def delete_token(request: Request[Any, Any, Any], token: FromPath[str]) -> None:
    """Always 501: a page token holds nothing here, and expires by itself."""
    raise ImplementationException("Page tokens cannot be deleted; they hold nothing here and expire by themselves.")


def router(services: QueryServices) -> Router:
    handlers = [
        resources,
        events,
        event,
        delete_token,
        discovery("/epcis"),
        discovery("/epcis/events/{event_id:str}"),
        discovery("/epcis/nextPageToken/{token:str}"),
        *collections_endpoint.HANDLERS,
        *named_queries_endpoint.HANDLERS,
    ]
    return epcis_router(services, handlers, TAG)
