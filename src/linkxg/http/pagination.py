"""Keyset pagination with authenticated cursors.

A cursor is opaque: base64url of `sort key | id | filter digest`, authenticated by an HMAC, so that it can be neither
forged nor used with other filters. Keyset only: page 20,000 costs what page 1 costs.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from linkxg.errors import InvalidCursor

T = TypeVar("T")
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
"""A parameter of a handler: the most that a page contains."""
_TAG = 16


class Success(msgspec.Struct, Generic[T], kw_only=True):
    """The envelope of every application answer."""

    success: bool = True
    data: T


class Pagination(msgspec.Struct, rename="camel"):
    """`totalCount` is there when it was asked for."""

    next_cursor: str | None
    has_more: bool
    limit: int
    total_count: int | msgspec.UnsetType = msgspec.UNSET


class Page(msgspec.Struct, Generic[T], kw_only=True):
    """One page of a list; repeat the request with `cursor=nextCursor` for the next."""

    success: bool = True
    data: list[T]
    pagination: Pagination


class Cursors:
    """Encodes and decodes cursors of one service."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"cursor", "sha256")

    def seal(self, position: list[Any], filters: dict[str, Any]) -> str:
        """The cursor of `position`, valid only with the same `filters`."""
        body = msgspec.msgpack.encode([position, _fingerprint(filters)])
        return _as_text(body + self._tag(body))

    def open(self, cursor: str, filters: dict[str, Any]) -> list[Any]:
        """The position of a cursor. Raises InvalidCursor for a forged one, or one of other filters."""
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            raise InvalidCursor from None
        body, tag = raw[:-_TAG], raw[-_TAG:]
        # The decoder ignores foreign characters and unused bits: only the canonical text is valid.
        if not hmac.compare_digest(tag, self._tag(body)) or _as_text(raw) != cursor:
            raise InvalidCursor
        position, fingerprint = msgspec.msgpack.decode(body)
        if fingerprint != _fingerprint(filters):
            raise InvalidCursor
        found: list[Any] = position
        return found

    def is_of_another_key(self, cursor: str, filters: dict[str, Any]) -> bool:
        """Whether `open` rejects the cursor only because of its key: keys are replaced by a restore, or by hand."""
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            fingerprint = msgspec.msgpack.decode(raw[:-_TAG], type=tuple[list[Any], bytes])[1]
        except (ValueError, msgspec.MsgspecError):
            return False
        return fingerprint == _fingerprint(filters) and _as_text(raw) == cursor

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_TAG]


def _as_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _fingerprint(filters: dict[str, Any]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(filters, order="sorted")).digest()[:8]
