"""What a route declares for the reference, besides its permission, its body style and its signature.

A handler of the router takes `errors=`, `takes=` and `gives=` (schemas by media type) and `tags=`; an endpoint of the
edge has one `EdgeRoute`. Summary and description are the docstring. The struct of a body may have an `EXAMPLE`, with
realistic values by member.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import Meta

from linkxg.errors import PublicError
from linkxg.http.body_style import BodyStyle, style_of
from linkxg.http.request_context import RawResponse, RequestContext

Errors = tuple[type[PublicError], ...]
"""Errors beyond those that follow from the permission, the parameters and the body."""
Schema = dict[str, Any]


class Tag(str):
    """A section of the reference and its description; another feature may use the section by its name."""

    about: str

    def __new__(cls, name: str, about: str = "") -> "Tag":
        tag = super().__new__(cls, name)
        tag.about = about
        return tag


class Form(NamedTuple):
    """A body of type application/x-www-form-urlencoded: schemas of its members, required ones, and an example."""

    members: dict[str, Schema]
    required: tuple[str, ...]
    example: dict[str, Any]


class EdgeRoute(NamedTuple):
    """A route that is answered before the router; `body` and `answer` are types that msgspec reads and writes."""

    operation_id: str
    tag: Tag
    style: BodyStyle
    permission: str
    security: list[dict[str, list[str]]]
    body: Any
    answer: Any
    errors: Errors
    takes_idempotency_key: bool = False
    takes_proof: bool = False
    """Whether a `DPoP` header binds what is issued to a key (RFC 9449)."""


class RawRoute(Protocol):
    """An endpoint that is answered before the router; it declares what a route declares."""

    declares: EdgeRoute

    async def __call__(self, context: RequestContext) -> RawResponse: ...


RawRoutes = Mapping[str, Mapping[str, RawRoute]]
"""By path and method."""


def declared_styles(router: Litestar, raw: RawRoutes) -> Iterator[tuple[str, BodyStyle]]:
    """The path and the body style of every route."""
    for path, methods in raw.items():
        yield from ((path, endpoint.declares.style) for endpoint in methods.values())
    for route in router.routes:
        if isinstance(route, HTTPRoute):
            yield from ((route.path_format, style_of(handler.opt)) for handler in route.route_handlers)


def described(**keywords: Any) -> Meta:
    """JSON Schema keywords of a member that the reference shows, and that the verb checks with its own errors."""
    return Meta(extra_json_schema=keywords)
