"""One request of the API: what is sent, which scope it takes, and how its answer is read."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

import httpx

from linkxg_client.connection import Connection
from linkxg_client.decode import camel, decode
from linkxg_client.errors import UnexpectedAnswer, error_of, json_object
from linkxg_client.retry import IDEMPOTENCY_KEY, RetryPolicy, send_with_retry
from linkxg_client.steps import Flow

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request. A POST gets an Idempotency-Key, so that it can be repeated when its answer is lost."""

    method: str
    path: str
    scope: str
    read: Callable[[httpx.Response], T]
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    json: object = None
    stream: httpx.SyncByteStream | httpx.AsyncByteStream | None = None


class CallFlow(Protocol):
    """Makes the flow of a call: `perform` with the connection and the token of a client."""

    def __call__(self, call: Call[T]) -> Flow[T]: ...


Procedure: TypeAlias = Callable[[CallFlow], Flow[T]]
"""Several calls, of which the later ones depend on the earlier ones."""


def perform(call: Call[T], connection: Connection, auth: httpx.Auth, policy: RetryPolicy) -> Flow[T]:
    """Send it, again if need be, and read the answer. Raises ApiError or ConnectionFailed."""
    headers = dict(call.headers)
    if call.method == "POST":
        headers.setdefault(IDEMPOTENCY_KEY, uuid.uuid4().hex)
    request = connection.request(
        call.method, call.path, params=call.params, headers=headers, json=call.json, stream=call.stream
    )
    response = yield from send_with_retry(request, policy, connection.clock, auth=auth)
    if not response.is_success:
        raise error_of(response, connection.clock)
    return call.read(response)


def data_of(response: httpx.Response) -> Any:
    """The member `data` of an answer."""
    body = json_object(response)
    if body is None or "data" not in body:
        raise UnexpectedAnswer("The answer has no data. Is the address right?")
    return body["data"]


def one(kind: type[T]) -> Callable[[httpx.Response], T]:
    """Reads an answer with one record."""
    return lambda response: decode(kind, data_of(response))


def json_of(response: httpx.Response) -> Any:
    """The whole JSON of an answer; None of one without a body."""
    return response.json() if response.content else None


def content_of(response: httpx.Response) -> bytes:
    """Reads an answer that is a file."""
    return response.content


def nothing(response: httpx.Response) -> None:
    """Reads an answer without a body."""


def params(**values: str | int | bool | datetime | None) -> dict[str, str]:
    """Query parameters by their names in Python; None leaves one out."""
    return {camel(name.rstrip("_")): _text(value) for name, value in values.items() if value is not None}


def body(**values: object) -> dict[str, object]:
    """Members of a JSON body by their names in Python; None leaves one out."""
    return {
        camel(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def path(*parts: str | int) -> str:
    """A path of literal and given parts, each of which stays one part."""
    return "".join("/" + quote(str(part), safe="") for part in parts)


def key(idempotency_key: str | None) -> dict[str, str]:
    """The header field of a key that the caller has chosen."""
    return {IDEMPOTENCY_KEY: idempotency_key} if idempotency_key else {}


def _text(value: str | int | bool | datetime) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)
