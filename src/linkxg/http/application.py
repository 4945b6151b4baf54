"""The contract between the HTTP protocol and the application behind it, beside ASGI."""

from typing import NamedTuple, Protocol

from linkxg.errors import PublicError
from linkxg.http.request_context import Headers, RawEndpoint


class FastRoute(NamedTuple):
    """Who answers a request: `route` is its path as logs and metrics name it, `argument` the id at its end."""

    method: str
    route: str
    argument: str
    endpoint: RawEndpoint
    flat_errors: bool


class _Event:
    """In place of uvicorn's: nobody waits for more of a request that has arrived whole."""

    def set(self) -> None:
        return None


class BufferedRequest:
    """A request with its body; to uvicorn it is one of its cycles, of which it asks whether an answer is under way."""

    __slots__ = ("body", "client", "disconnected", "headers", "keep_alive", "response_complete", "scheme", "to")
    message_event = _Event()

    def __init__(self, to: FastRoute, headers: Headers, client: tuple[str, int] | None, scheme: str) -> None:
        self.to = to
        self.headers = headers
        self.client = client
        self.scheme = scheme
        self.body = b""
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False


class HttpApplication(Protocol):
    """What connections ask of the application. `dated` are the server's own header fields, with the date."""

    def speaks_for_many(self, peer: str) -> bool:
        """Whether connections from `peer` are those of many callers, so that no bound per source holds for it."""

    def fast_route(self, method: bytes, target: bytes, headers: Headers) -> FastRoute | None:
        """Who answers this request without the router; None for most."""

    async def answer(self, request: BufferedRequest, dated: Headers) -> bytes:
        """The response to a request for which `fast_route` has named somebody."""

    def refuse(self, error: PublicError, client: tuple[str, int] | None, dated: Headers) -> bytes:
        """The response to what cannot be read as a request; the connection ends with it."""
