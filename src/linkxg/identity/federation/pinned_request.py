"""HTTPS requests to addresses that an account has chosen: to checked addresses only, bounded in time.

Redirects are not followed, and proxies, cookies and credentials of the environment are not used. The connection is made
to the address that was checked, so that a name that changes its address in between (DNS rebinding) changes nothing; TLS
verifies the name.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import SplitResult, urlsplit

from linkxg.http.client_ip import Address, Network
from linkxg.identity.federation.addresses import Resolver, may_connect
from linkxg.identity.federation.provider_fault import ProviderFault, UnreachableFault
from linkxg.runtime.eager_start import ensure_task

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
MAX_URL = 2_000
MAX_ANSWER = 512 * 1024
"""Bytes that a connection may receive: interim responses, header fields and the body."""
_TRIES = 2
_LONGEST_NAME = 254
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")


class PinnedClient:
    """The requests of one worker: `most` at a time, each of which receives at most `most_bytes`.

    `private` are networks that are not public, and may be connected to.
    """

    def __init__(
        self, resolver: Resolver, private: Sequence[Network], *, most: int, most_bytes: int = MAX_ANSWER
    ) -> None:
        self._resolver = resolver
        self._private = private
        self._most, self._most_bytes = most, most_bytes
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def request(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        read: "Callable[[httpx.Response], Awaitable[T]]",
        *,
        seconds: float,
    ) -> T:
        """What `read` makes of the answer, all within so many seconds. Raises ProviderFault."""
        parts = split_url(url)
        # A raw endpoint may come here before it has waited for anything.
        await ensure_task()
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(method, parts, body, headers, read, seconds)
        except TimeoutError:
            raise UnreachableFault(f"It did not answer within {seconds:.0f} seconds.") from None

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def _exchange(
        self,
        method: str,
        parts: SplitResult,
        body: bytes,
        headers: Mapping[str, str],
        read: "Callable[[httpx.Response], Awaitable[T]]",
        seconds: float,
    ) -> T:
        import httpx

        found = await self._resolver.addresses(parts.hostname or "")
        if not all(may_connect(address, self._private) for address in found):
            raise ProviderFault("It is at a private or reserved address, to which this service does not connect.")
        for number, address in enumerate(found[:_TRIES], 1):
            request = httpx.Request(
                method,
                _pinned(parts, address),
                headers={
                    "Host": parts.netloc,
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "LinkXG",
                    **headers,
                },
                content=body or None,
                extensions={"sni_hostname": parts.hostname, "timeout": httpx.Timeout(seconds).as_dict()},
            )
            try:
                response = await self._open().handle_async_request(request)
            except httpx.ConnectError as fault:
                if _is_certificate(fault):
                    raise ProviderFault("Its TLS certificate is not valid for its name.") from None
                if number == len(found[:_TRIES]):
                    raise UnreachableFault("No connection to it could be made.") from None
                continue
            except httpx.HTTPError:
                raise UnreachableFault("The connection to it failed.") from None
            try:
                if 300 <= response.status_code < 400:
                    raise ProviderFault("It answered with a redirect, which is not followed.")
                return await read(response)
            except httpx.HTTPError:
                raise UnreachableFault("The connection to it failed.") from None
            finally:
                await response.aclose()
        raise UnreachableFault("No connection to it could be made.")

    def _open(self) -> "httpx.AsyncHTTPTransport":
        import httpx

        from linkxg.identity.federation.bounded_network import BoundedBackend

        if self._transport is None:
            # The certificates of the system, or of SSL_CERT_FILE: an account's provider may have a private one.
            self._transport = httpx.AsyncHTTPTransport(
                verify=ssl.create_default_context(),
                trust_env=False,
                limits=httpx.Limits(max_connections=self._most, max_keepalive_connections=0),
            )
            # The transport has no parameter for it; a test sends more than the bound.
            pool = self._transport._pool
            pool._network_backend = BoundedBackend(pool._network_backend, self._most_bytes)
        return self._transport


def split_url(url: str) -> SplitResult:
    """Raises ProviderFault unless it is an https URL without credentials and fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ProviderFault("One of its URLs is not valid.") from None
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ProviderFault("One of its URLs is not valid.")
    if parts.scheme != "https":
        raise ProviderFault("One of its URLs is not https.")
    if not _is_host(parts) or "@" in parts.netloc or parts.fragment or port == 0:
        raise ProviderFault("One of its URLs is not valid.")
    return parts


def _is_host(parts: SplitResult) -> bool:
    """Whether it is a literal address or can be a name.

    A name whose last label is numeric is an IPv4 address to many readers (WHATWG URL §3.5), whatever DNS makes of it.
    """
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        is_name = len(host) <= _LONGEST_NAME and "[" not in parts.netloc and all(map(_LABEL.fullmatch, labels))
        return is_name and not _NUMERIC.fullmatch(labels[-1])
    return True


def _pinned(parts: SplitResult, address: Address) -> str:
    host = f"[{address}]" if address.version == 6 else str(address)
    return parts._replace(netloc=f"{host}:{parts.port or 443}").geturl()


def _is_certificate(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return True
        fault = fault.__cause__ or fault.__context__
    return False
