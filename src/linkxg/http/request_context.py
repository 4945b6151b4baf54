"""The context of one request, and reading and answering in raw endpoints.

`RequestContext` is made once at the edge and travels in the ASGI scope under the key `linkxg`.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from linkxg.errors import InvalidRequest, PayloadTooLarge

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

STRANGER_LIMIT = 4 * 1024
"""Bytes of a JSON body or a form from whoever has neither a token nor a session: it is read before they are known."""
JSON_TYPE = (b"content-type", b"application/json")
MORE_TIME = "linkxg.more_time"
"""In the scope: what a route that takes uploads calls for each part, so that a body may take long but never stall."""
FAULT = "linkxg.fault"
"""In the scope: the reason to refuse a request whose head breaks a rule of HTTP."""
AUTHORISE_EVERY_S = 1.0
"""Between two decisions about the caller while parts of a body arrive; at its end there is one in any case."""
NO_STORE: Headers = [(b"cache-control", b"no-store"), (b"pragma", b"no-cache")]


def _nothing() -> None:
    """Where nobody measures how long a body takes."""


async def _authorised() -> None:
    """Where no caller is known: the endpoint proves the credentials that the body carries."""


async def nothing_more() -> Any:
    """Where the whole body is here already."""
    return {"type": "http.disconnect"}


class RequestContext:
    """One request: its server-made id, where it came from, and notes for its one log line.

    `whole` is the body if all of it has arrived already; `argument` the id that the path of an edge's read ends with.
    `flat_errors`: errors have the two members of RFC 6749 §5.2 alone.
    `authorise_again` decides about the caller once more, and raises what the guard would (OWASP ASVS 8.3.2). It is
    called at the end of a body, and in between at most once a second: what is written authorises its caller itself.
    """

    __slots__ = (
        "argument", "authorise_again", "flat_errors", "headers", "method", "more_time", "notes", "principal", "query",
        "raw_body", "receive", "request_id", "route", "source", "whole",
    )  # fmt: skip

    def __init__(
        self,
        method: str,
        request_id: str,
        source: str,
        headers: Headers,
        receive: Receive,
        query: bytes = b"",
        whole: bytes | None = None,
    ) -> None:
        self.method = method
        self.request_id = request_id
        self.source = source
        self.headers = headers
        self.receive = receive
        self.query = query
        self.route = "unmatched"
        self.argument = ""
        self.flat_errors = False
        self.notes: dict[str, Any] = {}
        self.principal: Any = None
        self.raw_body: bytes | None = None
        self.whole = whole
        self.more_time: Callable[[], None] = _nothing
        self.authorise_again: Callable[[], Awaitable[None]] = _authorised

    def header(self, name: bytes) -> bytes | None:
        """The value of `name` (lower case). Raises InvalidRequest when the header is repeated."""
        found = None
        for key, value in self.headers:
            if key == name:
                if found is not None:
                    raise InvalidRequest(f"The {name.decode()} header is repeated.")
                found = value
        return found

    async def body(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes. How long it may take is bounded by `http_protocol`."""
        if self.whole is not None:
            if len(self.whole) > limit:
                raise PayloadTooLarge
            return self.whole
        announced = self.header(b"content-length")
        if announced is not None and (not announced.isdigit() or int(announced) > limit):
            raise PayloadTooLarge
        message = await self.receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body", False) and len(body) <= limit:
            message = await self.receive()
            body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The connection ended before the request body was complete.")
        if len(body) > limit:
            raise PayloadTooLarge
        await self.authorise_again()
        return body

    async def stream(self, limit: int) -> AsyncIterator[bytes]:
        """The parts of a body that is too large to be held, at most `limit` bytes in all.

        Only for callers who may send one: it may take as long as parts keep coming.
        """
        announced = self.header(b"content-length")
        if announced is not None and (not announced.isdigit() or int(announced) > limit):
            raise PayloadTooLarge
        more, seen = True, 0
        authorised_at = time.monotonic()
        while more:
            self.more_time()
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise InvalidRequest("The connection ended before the request body was complete.")
            part: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            if not more or time.monotonic() - authorised_at >= AUTHORISE_EVERY_S:
                await self.authorise_again()
                authorised_at = time.monotonic()
            seen += len(part)
            if seen > limit:
                raise PayloadTooLarge
            if part:
                yield part


class RawResponse(NamedTuple):
    """A complete response; the edge adds the headers that every response carries."""

    status: int
    body: bytes
    headers: Iterable[tuple[bytes, bytes]] = ()


RawEndpoint = Callable[[RequestContext], Awaitable[RawResponse]]


def context_of(scope: Scope) -> RequestContext:
    found: RequestContext = scope["linkxg"]
    return found


def account_id_of(scope: Scope) -> str:
    """The account of the authenticated caller."""
    account_id: str = context_of(scope).principal.account_id
    return account_id
