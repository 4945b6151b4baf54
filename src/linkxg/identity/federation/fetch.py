"""HTTP requests to the providers of accounts: https only, to checked addresses, bounded in time, size and number.

Redirects are not followed, and proxies, cookies and credentials of the environment are not used. The connection is made
to the address that was checked, so that a name that changes its address in between (DNS rebinding) changes nothing; TLS
verifies the name.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, urlencode, urlsplit

from linkxg.errors import TemporarilyUnavailable
from linkxg.http import strict_json
from linkxg.http.client_ip import Address, Network
from linkxg.identity.federation.addresses import Resolver, may_connect
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

if TYPE_CHECKING:
    import httpx

DEADLINE_S = 5.0
MAX_BYTES = 256 * 1024
MAX_URL = 2_000
PER_ACCOUNT, IN_ALL, RESERVED = 4, 32, 96
"""Requests of one worker at the same time; the reserve is for accounts that have none in progress."""
_TRIES = 2
_NO_HEADERS: Mapping[str, str] = {}


class Reply(NamedTuple):
    """A JSON object and the status that came with it."""

    status: int
    body: dict[str, Any]


class ProviderClient:
    """The requests of one worker; `private` are networks that are not public, and may be connected to."""

    def __init__(self, resolver: Resolver, private: Sequence[Network]) -> None:
        self._resolver = resolver
        self._private = private
        self._limit = ConcurrencyLimit(PER_ACCOUNT, IN_ALL, reserve=RESERVED)
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def get(self, account_id: str, url: str, headers: Mapping[str, str] = _NO_HEADERS) -> Reply:
        """Raises ProviderFault, or TemporarilyUnavailable while too many requests are in progress."""
        return await self._request(account_id, "GET", url, b"", headers)

    async def post(self, account_id: str, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Raises as `get` does."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return await self._request(account_id, "POST", url, urlencode(form).encode(), sent)

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def _request(self, account_id: str, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        parts = split_url(url)
        with self._limit.slot(account_id) as has_slot:
            if not has_slot:
                raise TemporarilyUnavailable("too many requests to identity providers are in progress")
            try:
                async with asyncio.timeout(DEADLINE_S):
                    return await self._exchange(method, parts, body, headers)
            except TimeoutError:
                raise ProviderFault("It did not answer within 5 seconds.") from None

    async def _exchange(self, method: str, parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> Reply:
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
                extensions={"sni_hostname": parts.hostname, "timeout": httpx.Timeout(DEADLINE_S).as_dict()},
            )
            try:
                response = await self._open().handle_async_request(request)
            except httpx.ConnectError as fault:
                if _is_certificate(fault):
                    raise ProviderFault("Its TLS certificate is not valid for its name.") from None
                if number == len(found[:_TRIES]):
                    raise ProviderFault("No connection to it could be made.") from None
                continue
            except httpx.HTTPError:
                raise ProviderFault("The connection to it failed.") from None
            try:
                return await _read(response)
            except httpx.HTTPError:
                raise ProviderFault("The connection to it failed.") from None
            finally:
                await response.aclose()
        raise ProviderFault("No connection to it could be made.")

    def _open(self) -> "httpx.AsyncHTTPTransport":
        import httpx

        if self._transport is None:
            # The certificates of the system, or of SSL_CERT_FILE: an account's provider may have a private one.
            self._transport = httpx.AsyncHTTPTransport(
                verify=ssl.create_default_context(),
                trust_env=False,
                limits=httpx.Limits(max_connections=IN_ALL + RESERVED, max_keepalive_connections=0),
            )
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
    if not parts.hostname or "@" in parts.netloc or parts.fragment or port == 0:
        raise ProviderFault("One of its URLs is not valid.")
    return parts


def _pinned(parts: SplitResult, address: Address) -> str:
    host = f"[{address}]" if address.version == 6 else str(address)
    return parts._replace(netloc=f"{host}:{parts.port or 443}").geturl()


async def _read(response: "httpx.Response") -> Reply:
    if 300 <= response.status_code < 400:
        raise ProviderFault("It answered with a redirect, which is not followed.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ProviderFault("It answered with a compressed body, which was not asked for.")
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) > MAX_BYTES:
            raise ProviderFault("Its answer is larger than 256 KiB.")
    try:
        value = strict_json.parse(body.decode())
    except ValueError:
        raise ProviderFault(f"It answered {response.status_code} without valid JSON.") from None
    if not isinstance(value, dict):
        raise ProviderFault("Its answer is not a JSON object.")
    return Reply(response.status_code, value)


def _is_certificate(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return True
        fault = fault.__cause__ or fault.__context__
    return False
