"""What the answers of EPCIS have in common: parameters of the address, pages and media types."""

import re
from typing import Annotated, Any, Protocol
from urllib.parse import unquote_to_bytes, urlencode

from litestar import Request
from litestar.datastructures.headers import Accept
from litestar.params import QueryParameter

from linkxg.errors import InvalidCursor
from linkxg.http.headers import LINK, header
from linkxg.http.request_context import context_of
from linkxg.network.epcis.errors import QueryParameterException
from linkxg.network.epcis.page_tokens import MAX_PER_PAGE, PageTokens
from linkxg.network.epcis.query_string import Parameters, split_query

PATH = "/api/v1/epcis"
TYPES = ("application/json", "application/ld+json")
DEFAULT_PER_PAGE = 30
PAGED = [LINK, header("GS1-Next-Page-Token-Expires", "Until when the next page can be requested (RFC 3339).")]
PerPage = Annotated[int, QueryParameter(name="perPage", ge=1, le=MAX_PER_PAGE)]
PageToken = Annotated[str | None, QueryParameter(name="nextPageToken")]
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


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


def parameters_of(request: Request[Any, Any, Any]) -> Parameters:
    """Raises QueryParameterException."""
    found = split_query(context_of(request.scope).query)
    if found.repeated is not None:
        raise QueryParameterException(f"The parameter {found.repeated} is repeated.")
    return found


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
