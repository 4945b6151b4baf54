"""What a route declares about itself for the reference, besides its permission, its body style and its signature.

A handler of the router takes `errors=`, `takes=` and `gives=` (schemas by media type) and `tags=`; an endpoint of the
edge, which has no handler, has all of it in one `EdgeRoute`. Its summary and description are its docstring.
The struct of a body may have an `EXAMPLE`: telling values by member.
"""

from typing import Any, NamedTuple

from msgspec import Meta

from linkxg.errors import PublicError
from linkxg.http.body_style import BodyStyle

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


def described(**keywords: Any) -> Meta:
    """Of a member: JSON Schema keywords that the reference shows, and that the verb checks with errors of its own."""
    return Meta(extra_json_schema=keywords)
