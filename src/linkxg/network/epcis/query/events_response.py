"""Answers with the events of a query, in the notation of identifiers that the client asks for."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from litestar import Request, Response
from litestar.params import HeaderParameter
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import InvalidRequest, NotAcceptable, PayloadTooLarge, TransferCodingNotImplemented
from linkxg.http.long_answer import LongAnswer
from linkxg.http.request_context import account_id_of, context_of
from linkxg.network.epcis.documents.contexts import STANDARD_PREFIXES
from linkxg.network.epcis.documents.urn import EpcFormat
from linkxg.network.epcis.errors import QueryParameterException
from linkxg.network.epcis.http_pages import media_type, next_page, open_token, parameters_of
from linkxg.network.epcis.page_tokens import PageTokens
from linkxg.network.epcis.query.find_events import find_events
from linkxg.network.epcis.query.model import Condition, EventQuery
from linkxg.network.epcis.query.parameters import query_or_error, read_query
from linkxg.network.epcis.query.query_document import SIMPLE_QUERY, write_document
from linkxg.network.epcis.query_string import Parameters

DOCUMENT = {"type": "object", "description": "An EPCISQueryDocument."}
COLLECTION = {"type": "object", "description": "A collection; `member` has its names."}
QUERY_ERRORS = (InvalidRequest, NotAcceptable, PayloadTooLarge, TransferCodingNotImplemented)
EpcFormatHeader = Annotated[EpcFormat, HeaderParameter(name="GS1-EPC-Format")]
Extensions = Annotated[
    str | None,
    HeaderParameter(name="GS1-Extensions", description="Prefixes of extension fields: `ex=https://example.com/`."),
]
_EXTENSION = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,49})=(\S{1,500})")
MAX_EXTENSIONS = 50


@dataclass(frozen=True, slots=True)
class QueryServices:
    database: Database
    tokens: PageTokens
    public_url: str
    end_subscriptions: Callable[[Connection, Actor, str, str], None]
    """Of a query that is deleted, in that transaction."""


def prefixes_of(extensions: str | None) -> dict[str, str]:
    """The prefixes of the header GS1-Extensions, and those of the standard context."""
    found = dict(STANDARD_PREFIXES)
    parts = [part.strip() for part in extensions.split(",")] if extensions else []
    if len(parts) > MAX_EXTENSIONS:
        raise QueryParameterException(f"The header GS1-Extensions may have at most {MAX_EXTENSIONS} prefixes.")
    for part in parts:
        matched = _EXTENSION.fullmatch(part)
        if matched is None or ":" not in matched[2]:
            raise QueryParameterException(
                "The header GS1-Extensions must be a list such as ex=https://example.com/epcis/."
            )
        found[matched[1]] = matched[2]
    return found


class Asked(NamedTuple):
    """The query of an address, and the parameters of its pages."""

    query: EventQuery
    parameters: Parameters


def read_asked(request: Request[Any, Any, Any], extensions: str | None) -> Asked:
    """Raises QueryParameterException or ImplementationException."""
    parameters = parameters_of(request)
    return Asked(query_or_error(read_query(parameters.query, prefixes_of(extensions))), parameters)


async def events_response(
    request: Request[Any, Any, Any],
    services: QueryServices,
    asked: Asked,
    epc_format: EpcFormat,
    per_page: int,
    *,
    also: Sequence[Condition] = (),
    named: tuple[str, EventQuery] | None = None,
) -> Response[bytes]:
    """A page of the query in the address that also meets the conditions `also`.

    `named` is the name and the definition of a named query, to which the address adds conditions.
    """
    answer = LongAnswer(context_of(request.scope))
    account_id = account_id_of(request.scope)
    query = asked.query if named is None else _within(asked.query, named[1], asked.parameters)
    query = query._replace(conditions=(*also, *query.conditions))
    filters = {"list": "epcis events", "account": account_id, "query": repr(query)}
    at = open_token(services, asked.parameters.page_token, filters)
    page = await find_events(services.database, account_id, query, at=at, limit=per_page)
    name = SIMPLE_QUERY if named is None else named[0]
    body = await asyncio.to_thread(write_document, page.found, created=now_ms(), query_name=name, epc_format=epc_format)
    headers = next_page(request, services, asked.parameters, page.position, filters, per_page=per_page)
    await answer.authorise()
    return Response(body, media_type=media_type(request), headers=headers)


def _within(query: EventQuery, named: EventQuery, asked: Parameters) -> EventQuery:
    """A named query with further conditions; its order and its limits are its own."""
    for name in ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount"):
        if name in asked.query:
            raise QueryParameterException(f"The parameter {name} is the named query's own.")
    return named._replace(conditions=(*named.conditions, *query.conditions))
