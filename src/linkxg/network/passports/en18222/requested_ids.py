"""The three forms in which clients ask for many passports (ReadDPPIdsByProductIds), each with its form of answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

from linkxg.errors import InvalidRequest

MAX_IDS = 500
Answer = Callable[[list[str], str | None], Any]
"""Makes the body of an answer of the ids of passports and the next cursor."""


def _object(ids: list[str], cursor: str | None) -> Any:
    return {"dppIds": ids, "nextCursor": cursor}


def _array(ids: list[str], _: str | None) -> Any:
    return ids


def _payload(ids: list[str], cursor: str | None) -> Any:
    payload = {"dppIdentifiers": ids, "nextCursor": cursor}
    return {"statusCode": "Success", "payload": payload, "messages": []}


_ANSWERS: dict[str, Answer] = {"productIds": _object, "productId": _array, "productIdentifiers": _payload}


class RequestedIds(NamedTuple):
    ids: list[str]
    answer: Answer
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
