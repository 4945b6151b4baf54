"""What the answers of queries have in common: parameters, pages, and the notation of identifiers."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, Protocol
from urllib.parse import unquote_to_bytes, urlencode

from litestar import Request, Response
from litestar.datastructures.headers import Accept
from litestar.params import HeaderParameter, QueryParameter
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import InvalidCursor, InvalidRequest, NotAcceptable, PayloadTooLarge, TransferCodingNotImplemented
from linkxg.http.headers import LINK, header
from linkxg.http.long_answer import LongAnswer
from linkxg.http.request_context import account_id_of, context_of
from linkxg.network.epcis.documents.contexts import STANDARD_PREFIXES
from linkxg.network.epcis.documents.urn import EpcFormat
from linkxg.network.epcis.page_tokens import PageTokens
from linkxg.network.epcis.query.errors import ImplementationException, QueryParameterException
from linkxg.network.epcis.query.find_events import find_events
from linkxg.network.epcis.query.model import Condition, EventQuery, Refused
from linkxg.network.epcis.query.parameter_values import shown
from linkxg.network.epcis.query.parameters import read_query
from linkxg.network.epcis.query.query_document import SIMPLE_QUERY, write_document
from linkxg.network.epcis.query.query_string import Parameters, split_query

PATH = "/api/v1/epcis"
SCOPE = "traceability:read"
CHANGE_SCOPE = "imports:write"
"""Named queries and subscriptions outlast the caller: who only reads neither makes nor ends them."""
TYPES = ("application/json", "application/ld+json")
DEFAULT_PER_PAGE, MAX_PER_PAGE = 30, 500
DOCUMENT = {"type": "object", "description": "An EPCISQueryDocument."}
COLLECTION = {"type": "object", "description": "A collection; `member` has its names."}
EXPIRES = header("GS1-Next-Page-Token-Expires", "Until when the next page can be requested (RFC 3339).")
PAGED = [LINK, EXPIRES]
QUERY_ERRORS = (InvalidRequest, NotAcceptable, PayloadTooLarge, TransferCodingNotImplemented)
PerPage = Annotated[int, QueryParameter(name="perPage", ge=1, le=MAX_PER_PAGE)]
PageToken = Annotated[str | None, QueryParameter(name="nextPageToken")]
EpcFormatHeader = Annotated[EpcFormat, HeaderParameter(name="GS1-EPC-Format")]
Extensions = Annotated[
    str | None,
    HeaderParameter(name="GS1-Extensions", description="Prefixes of extension fields: `ex=https://example.com/`."),
]
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_EXTENSION = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,49})=(\S{1,500})")
MAX_EXTENSIONS = 50


@dataclass(frozen=True, slots=True)
class QueryServices:
    database: Database
    tokens: PageTokens
    public_url: str
    end_subscriptions: Callable[[Connection, Actor, str, str], None]
    """Of a query that is deleted, in that transaction."""


class PagedServices(Protocol):
    """What pages need."""

    @property
    def tokens(self) -> PageTokens: ...

    @property
    def public_url(self) -> str: ...


def read_segment(raw: str) -> str:
    """One segment of a path, whose escapes the router leaves as they are: an id may contain a slash."""
    encoded = raw.encode("latin-1")
    try:
        if _BAD_ESCAPE.search(encoded):
            raise ValueError
        return unquote_to_bytes(encoded).decode()
    except ValueError:
        raise QueryParameterException("A percent escape in the path is malformed.") from None


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


def parameters_of(request: Request[Any, Any, Any]) -> Parameters:
    """Raises QueryParameterException."""
    found = split_query(context_of(request.scope).query)
    if found.repeated is not None:
        raise QueryParameterException(f"The parameter {found.repeated} is repeated.")
    return found


def query_or_error(found: EventQuery | Refused) -> EventQuery:
    """Raises QueryParameterException or ImplementationException."""
    if isinstance(found, EventQuery):
        return found
    if found.is_unsupported:
        raise ImplementationException(f"The parameter {shown(found.name)} is not supported.")
    raise QueryParameterException(found.message)


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


def open_token(services: PagedServices, token: str | None, filters: dict[str, Any]) -> list[Any] | None:
    """The position at which a page begins; None for the first. Raises QueryParameterException."""
    try:
        return services.tokens.open(token, filters) if token else None
    except InvalidCursor:
        raise QueryParameterException(
            "The parameter nextPageToken has expired, or belongs to another query; start again from the first page."
        ) from None


def next_page(
    request: Request[Any, Any, Any],
    services: PagedServices,
    asked: Parameters,
    position: list[Any] | None,
    filters: dict[str, Any],
    *,
    per_page: int,
) -> dict[str, str]:
    """The header fields with the address of the next page; none after the last."""
    if position is None:
        return {}
    token, expires = services.tokens.seal(position, filters)
    query = {name: "|".join(values) for name, values in asked.query.items()}
    more = urlencode(query | {"perPage": per_page, "nextPageToken": token})
    path = request.scope["raw_path"].decode("latin-1")
    return {
        "Link": f'<{services.public_url}{path}?{more}>; rel="next"',
        "GS1-Next-Page-Token-Expires": expires,
    }


def media_type(request: Request[Any, Any, Any]) -> str:
    """The type that the client prefers; both have the same body."""
    accepted = context_of(request.scope).header(b"accept")
    return (Accept(accepted.decode("latin-1")).best_match(list(TYPES)) if accepted else None) or TYPES[0]
