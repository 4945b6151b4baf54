"""The three forms in which clients ask for many passports (ReadDPPIdsByProductIds), each with its form of answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

from linkxg.errors import InvalidRequest

MAX_IDS = 500
_OBJECT: Callable[[list[str], str | None], Any] = lambda ids, cursor: {"dppIds": ids, "nextCursor": cursor}  # noqa: E731
_ARRAY: Callable[[list[str], str | None], Any] = lambda ids, _: ids  # noqa: E731
_WRAPPED: Callable[[list[str], str | None], Any] = lambda ids, cursor: {  # noqa: E731
    "statusCode": "Success",
    "payload": {"dppIdentifiers": ids, "nextCursor": cursor},
    "messages": [],
}
_ANSWERS = {"productIds": _OBJECT, "productId": _ARRAY, "productIdentifiers": _WRAPPED}


class RequestedIds(NamedTuple):
    ids: list[str]
    answer: Callable[[list[str], str | None], Any]
    limit: int | None
    cursor: str | None


def read_requested(body: Any) -> RequestedIds:
    """Raises InvalidRequest."""
    key, given, limit, cursor = "productId", body, None, None
    if isinstance(body, dict):
        key = next((name for name in _ANSWERS if name in body), "")
        given, limit, cursor = body.get(key), body.get("limit"), body.get("cursor")
        if body.keys() - {key, "limit", "cursor"}:
            given = None
    is_list = isinstance(given, list) and all(isinstance(one, str) for one in given)
    if not is_list or not 0 < len(given) <= MAX_IDS or not isinstance(cursor, str | None):
        raise InvalidRequest(f"Send 1 to {MAX_IDS} identifiers as productIds, as productId or as productIdentifiers.")
    if limit is not None and not (type(limit) is int and 1 <= limit <= MAX_IDS):
        raise InvalidRequest(f"The limit must be a whole number from 1 to {MAX_IDS}.")
    return RequestedIds(given, _ANSWERS[key], limit, cursor)
