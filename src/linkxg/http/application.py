"""The contract between the HTTP protocol and the application behind it, beside ASGI."""

from typing import NamedTuple, Protocol

from linkxg.errors import PublicError
from linkxg.http.request_context import Headers, RawEndpoint


class FastRoute(NamedTuple):
    """A route of the fast path: `route` is its path in logs and metrics, `argument` the id at its end."""

    method: str
    route: str
    argument: str
    endpoint: RawEndpoint
    flat_errors: bool


class _Event:
    """In place of uvicorn's: nobody waits for more of a complete request."""

    def set(self) -> None:
        return None


class BufferedRequest:
    """A complete request; uvicorn takes it for one of its cycles, and asks it whether the answer is complete."""

    __slots__ = ("body", "client", "disconnected", "headers", "keep_alive", "response_complete", "route", "scheme")
    message_event = _Event()

    def __init__(self, route: FastRoute, headers: Headers, client: tuple[str, int] | None, scheme: str) -> None:
        self.route = route
        self.headers = headers
        self.client = client
        self.scheme = scheme
        self.body = b""
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False


class HttpApplication(Protocol):
    """What connections call of the application. `default_headers` are uvicorn's: the header fields with the date."""

    def is_shared_source(self, peer: str) -> bool:
        """Whether `peer` connects for many callers, so that the limit per source does not apply to it."""

    def fast_route(self, method: bytes, target: bytes, headers: Headers) -> FastRoute | None:
        """The route that answers this request without the router, if there is one."""

    async def answer(self, request: BufferedRequest, default_headers: Headers) -> bytes:
        """The response to a request with a fast route."""

    def refuse(self, error: PublicError, client: tuple[str, int] | None, default_headers: Headers) -> bytes:
        """The response to a malformed request, after which the connection is closed."""
