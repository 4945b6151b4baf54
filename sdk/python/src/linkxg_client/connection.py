"""How the service is reached: its address, TLS, proxy and timeouts; and requests outside of a connection pool."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.metadata import version
from typing import TypeVar

import httpx

from linkxg_client.clock import Clock
from linkxg_client.steps import Flow, arun, run

T = TypeVar("T")
API = "/api/v1"
DEFAULT_URL = "https://api.linkxg.com"
USER_AGENT = f"linkxg-client/{version('linkxg-client')}"
_LOCAL = {"localhost", "127.0.0.1", "::1"}


class Connection:
    """The address of a service and how to reach it.

    `verify` is a TLS context of your own, `proxy` the address of a proxy; without them httpx decides, also by the
    environment. A plain HTTP address is accepted for this machine only, unless `insecure_http` is set.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
        timeout: float = 30.0,
        trust_env: bool = True,
        insecure_http: bool = False,
        transport: Callable[[], httpx.BaseTransport] | None = None,
        async_transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.url = secure_url(url.rstrip("/"), insecure_http=insecure_http)
        self.clock = clock or Clock()
        self._verify = verify
        self._proxy = proxy
        self._timeout = timeout
        self._trust_env = trust_env
        self._transport = transport
        self._async_transport = async_transport

    def __repr__(self) -> str:
        return f"Connection({str(self.url)!r})"

    def address(self, path: str) -> httpx.URL:
        """The address of a path below `/api/v1`."""
        return httpx.URL(f"{self.url}{API}{path}")

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
        stream: httpx.SyncByteStream | httpx.AsyncByteStream | None = None,
    ) -> httpx.Request:
        """A request to a path below `/api/v1`."""
        # Of a request with a stream, httpx leaves the host to the caller.
        host = {"Host": self.url.netloc.decode("ascii")} if stream is not None else {}
        return httpx.Request(
            method,
            self.address(path),
            params=dict(params) if params else None,
            headers={**host, "Accept": "application/json", "User-Agent": USER_AGENT, **(headers or {})},
            json=json,
            content=content,
            stream=stream,
            extensions={"timeout": httpx.Timeout(self._timeout).as_dict()},
        )

    def is_own(self, url: httpx.URL) -> bool:
        """Whether a token may be sent to this address."""
        return is_same_origin(url, self.url)

    @cached_property
    def _trust(self) -> ssl.SSLContext | bool:
        # Reading the trust store takes longer than a request.
        if self._verify is True and self.url.scheme == "https":
            return httpx.create_ssl_context(trust_env=self._trust_env)
        return self._verify if self.url.scheme == "https" else False

    def client(self) -> httpx.Client:
        """A new HTTP client for the service."""
        return httpx.Client(
            verify=self._trust, proxy=self._proxy, timeout=self._timeout, trust_env=self._trust_env,
            transport=self._transport() if self._transport else None, follow_redirects=False,
        )  # fmt: skip

    def async_client(self) -> httpx.AsyncClient:
        """A new HTTP client for the service, for asyncio."""
        return httpx.AsyncClient(
            verify=self._trust, proxy=self._proxy, timeout=self._timeout, trust_env=self._trust_env,
            transport=self._async_transport() if self._async_transport else None, follow_redirects=False,
        )  # fmt: skip

    def run(self, flow: Flow[T]) -> T:
        """Run a flow on connections of its own: it works in every thread and after a fork."""
        with _Once(self.client) as client:
            return run(flow, client.send, self.clock)

    async def arun(self, flow: Flow[T]) -> T:
        """Run a flow on connections of its own: it works in every event loop."""
        async with _AsyncOnce(self.async_client) as client:
            return await arun(flow, client.send, self.clock)


def secure_url(text: str, *, insecure_http: bool = False) -> httpx.URL:
    """The address of a service that tokens are sent to. Raises ValueError."""
    url = httpx.URL(text)
    if url.userinfo or not url.host:
        raise ValueError("The address of the service is like https://api.linkxg.com.")
    local = url.host in _LOCAL
    if url.scheme != "https" and not (url.scheme == "http" and (local or insecure_http)):
        raise ValueError("Secrets are sent over HTTPS only; for a trusted network, set insecure_http.")
    return url


def is_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether scheme, host and port are the same (RFC 6454 §5)."""
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


def _port(url: httpx.URL) -> int | None:
    return url.port or {"https": 443, "http": 80}.get(url.scheme)


class _Once:
    """A client that is made when the first request is sent."""

    def __init__(self, make: Callable[[], httpx.Client]) -> None:
        self._make = make
        self._client: httpx.Client | None = None

    def __enter__(self) -> _Once:
        return self

    def send(self, request: httpx.Request, *, auth: httpx.Auth | None) -> httpx.Response:
        if self._client is None:
            self._client = self._make()
        return self._client.send(request, auth=auth)

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()


class _AsyncOnce:
    def __init__(self, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> _AsyncOnce:
        return self

    async def send(self, request: httpx.Request, *, auth: httpx.Auth | None) -> httpx.Response:
        if self._client is None:
            self._client = self._make()
        return await self._client.send(request, auth=auth)

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.aclose()
