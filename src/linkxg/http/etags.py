"""Conditional requests: If-Match and If-None-Match (RFC 9110 §13.1).

Lists of entity tags, or `*` for any. If-Match compares strongly, so a weak tag never satisfies it; If-None-Match
compares weakly.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, Operation, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from linkxg.errors import InvalidRequest, PreconditionFailed
from linkxg.http.json_body import MERGE_PATCH_TYPE
from linkxg.http.request_context import RequestContext

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
_ANY = "*"
_IF_MATCH = b"if-match"
_SAFE = ("GET", "HEAD", "OPTIONS")


class Conditions(NamedTuple):
    """The tags of the two header fields; None without the field, `*` matches every tag."""

    match: frozenset[str] | None
    none_match: frozenset[str] | None

    @classmethod
    def of(cls, context: RequestContext) -> "Conditions":
        """Raises InvalidRequest for a malformed header."""
        return cls(_tags(context, _IF_MATCH), _tags(context, b"if-none-match"))

    def is_meant(self, *tags: str) -> bool:
        """Whether a resource with these strong tags satisfies If-Match."""
        return self.match is None or bool(self.match & {*tags, _ANY})

    def allow_change(self, *tags: str) -> bool:
        """Whether a resource with these strong tags may be changed."""
        return self.is_meant(*tags) and not any(map(self._is_known, tags))

    def is_fresh(self, tag: str) -> bool:
        """Whether the caller already has the representation with this tag, so that the answer is 304."""
        return self.none_match is not None and self._is_known(tag)

    def _is_known(self, tag: str) -> bool:
        return bool(self.none_match and self.none_match & {tag, f"W/{tag}", _ANY})


def _tags(context: RequestContext, name: bytes) -> frozenset[str] | None:
    lines = [value for key, value in context.headers if key == name]
    if not lines:
        return None
    text = b",".join(lines).decode("latin-1")
    if text.strip() == _ANY:
        return frozenset((_ANY,))
    if not _TAGS.fullmatch(text):
        shown = name.decode().title()
        raise InvalidRequest(f"The {shown} header is malformed; it must contain quoted entity tags or an asterisk.")
    return frozenset(re.findall(_TAG, text))


def _described(name: str, description: str) -> Parameter:
    return Parameter(name=name, param_in="header", description=description, schema=Schema(type=OpenAPIType.STRING))


@dataclass
class ConditionalRead(Operation):
    """Adds If-Match and If-None-Match to the description of a route that answers 412 and 304."""

    def __post_init__(self) -> None:
        self.parameters = [
            *(self.parameters or ()),
            _described("If-Match", "Read only if the ETag is one of these; otherwise 412."),
            _described("If-None-Match", "ETags that the caller already has; 304 if the resource has not changed."),
        ]


@dataclass
class ConditionalWrite(Operation):
    """Adds If-Match and If-None-Match to the description of a route that answers 412."""

    def __post_init__(self) -> None:
        self.parameters = [
            *(self.parameters or ()),
            _described("If-Match", "Change only if the ETag is one of these; otherwise 412."),
            _described("If-None-Match", "Change only if the ETag is none of these."),
        ]


@dataclass
class MergePatch(ConditionalWrite):
    """A conditional write whose body may also come as application/merge-patch+json (RFC 7396)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.request_body, RequestBody):
            body: OpenAPIMediaType = next(iter(self.request_body.content.values()))
            self.request_body.content[MERGE_PATCH_TYPE.decode()] = body


def refuse_if_match(context: RequestContext, route: BaseRouteHandler) -> None:
    """Raises PreconditionFailed for a change that requires an entity tag of a resource without any: none can match.

    `*` matches: it asks only that the resource exists.
    """
    if context.method in _SAFE or issubclass(getattr(route, "operation_class", Operation), ConditionalWrite):
        return
    required = _tags(context, _IF_MATCH)
    if required is not None and _ANY not in required:
        raise PreconditionFailed("This resource has no ETag, so If-Match cannot be satisfied. Send it without.")
