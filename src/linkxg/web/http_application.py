"""The contract between the HTTP protocol and the application behind it, beside ASGI."""

from typing import TYPE_CHECKING, Protocol

from linkxg.errors import PublicError
from linkxg.web.exchange import Headers

if TYPE_CHECKING:
    from linkxg.web.at_once import AtOnce, WholeRequest


class HttpApplication(Protocol):
    """What connections ask of the application. `dated` are the server's own header fields, with the date."""

    def speaks_for_many(self, peer: str) -> bool:
        """Whether connections from `peer` are those of many callers, so that no bound per source holds for it."""

    def at_once(self, method: bytes, target: bytes, headers: Headers) -> "AtOnce | None":
        """Who answers this request without the router; None for most."""

    async def answer(self, request: "WholeRequest", dated: Headers) -> bytes:
        """The response to a request for which `at_once` has named somebody."""

    def refuse(self, error: PublicError, client: tuple[str, int] | None, dated: Headers) -> bytes:
        """The response to what cannot be read as a request; the connection ends with it."""
