"""What a route declares about itself for the reference, besides its permission, its body style and its signature.

A handler of the router takes `errors=`, `takes=` and `gives=` (schemas by media type) and `tags=`; an endpoint of the
edge, which has no handler, has all of it in one `EdgeRoute`. Its summary and description are its docstring.
The struct of a body may have an `EXAMPLE`: telling values by member.
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
"""With which a route may answer beyond those that follow from its permission, its parameters and its body."""
Schema = dict[str, Any]


class Tag(str):
    """A section of the reference, and one sentence about it; a feature may join the section of another by its name."""

    about: str

    def __new__(cls, name: str, about: str = "") -> "Tag":
        tag = super().__new__(cls, name)
        tag.about = about
        return tag


class Form(NamedTuple):
    """A body of type application/x-www-form-urlencoded: the schemas of its members, which are required, an example."""

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
    """Of a member: JSON Schema keywords that the reference shows, and that the verb checks with errors of its own."""
    return Meta(extra_json_schema=keywords)
