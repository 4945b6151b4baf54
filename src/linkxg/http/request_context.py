"""The context of one request, with its body, and the response of a raw endpoint.

`RequestContext` is made once at the edge and travels in the ASGI scope under the key `linkxg`.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from linkxg.errors import InvalidRequest, PayloadTooLarge

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

STRANGER_LIMIT = 4 * 1024
"""Bytes of a JSON body or a form from whoever has neither a token nor a session: it is read before they are known."""
JSON_TYPE = (b"content-type", b"application/json")
EXTEND_DEADLINE = "linkxg.extend_deadline"
"""Scope key of the function that restarts the deadline of a body: an upload may take long, but must not stall."""
FAULT = "linkxg.fault"
"""Scope key of the error of a request whose head breaks a rule of HTTP."""
AUTHORISE_EVERY_S = 1.0
"""How often the caller of a long body is authorised again while it arrives; at its end always."""
NO_STORE: Headers = [(b"cache-control", b"no-store"), (b"pragma", b"no-cache")]


def _no_deadline() -> None:
    """For bodies without a deadline."""


async def _no_caller() -> None:
    """For requests whose credentials are in the body: the endpoint verifies them."""


async def receive_disconnect() -> Any:
    """`receive` of a request whose body has arrived."""
    return {"type": "http.disconnect"}


class RequestContext:
    """One request: its id, its source, and notes for its log line.

    `whole` is the body if it has arrived already; `raw_body` keeps it where the router asks for it again.
    `argument` is the id at the end of the path of a fast read.
    `flat_errors`: errors have only the two members of RFC 6749 §5.2; `scim_errors`: those of RFC 7644 §3.12;
    `epcis_errors`: errors are problems of EPCIS 2.0.
    `peer` is the address of the other end of the connection, a proxy's if there is one; `answer_fields` are header
    fields for the answer, whatever it is.
    `authorise_again` authorises the caller once more, and raises the errors of the guard (ASVS 8.3.2). It is called at
    the end of a body, and at most once a second before: writes authorise their caller themselves.
    """

    __slots__ = (
        "answer_fields", "argument", "authorise_again", "epcis_errors", "extend_deadline", "flat_errors", "headers",
        "method", "notes", "peer", "principal", "query", "raw_body", "raw_path", "receive", "request_id", "route",
        "scim_errors", "source", "whole",
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
        self.raw_path = b""
        self.peer = ""
        self.answer_fields: Sequence[tuple[bytes, bytes]] = ()
        self.flat_errors = False
        self.scim_errors = False
        self.epcis_errors = False
        self.notes: dict[str, Any] = {}
        self.principal: Any = None
        self.raw_body: bytes | None = None
        self.whole = whole
        self.extend_deadline: Callable[[], None] = _no_deadline
        self.authorise_again: Callable[[], Awaitable[None]] = _no_caller

    def header(self, name: bytes) -> bytes | None:
        """The value of `name` (lower case). Raises InvalidRequest when the header is repeated."""
        found = None
        for key, value in self.headers:
            if key == name:
                if found is not None:
                    raise InvalidRequest(f"The {name.decode()} header is repeated.")
                found = value
        return found

    @property
    def path(self) -> str:
        """The path as it was sent, with its percent-encoding."""
        if self.raw_path:
            return self.raw_path.decode("latin-1")
        # On the fast path the route is known, and the id in it.
        before, brace, after = self.route.partition("{")
        return f"{before}{self.argument}{after.partition('}')[2]}" if brace else before

    def add_answer_field(self, name: bytes, value: bytes) -> None:
        self.answer_fields = (*self.answer_fields, (name, value))

    @property
    def user_agent(self) -> str:
        """Empty without the header."""
        return (self.header(b"user-agent") or b"").decode("ascii", "replace")

    async def body(self, limit: int) -> bytes:
        """The body, at most `limit` bytes; its time is bounded by `server.connection`."""
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
        """The parts of a body that is too large for memory, at most `limit` bytes in all.

        Only for authorised callers: it may take as long as parts keep coming.
        """
        announced = self.header(b"content-length")
        if announced is not None and (not announced.isdigit() or int(announced) > limit):
            raise PayloadTooLarge
        more, seen = True, 0
        authorised_at = time.monotonic()
        while more:
            self.extend_deadline()
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
