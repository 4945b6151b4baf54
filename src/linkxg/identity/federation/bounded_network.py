"""Connections that end once the other side has sent more than an answer may have.

The HTTP library reads interim responses (1xx) and header fields until the answer begins, however many there are. A
server that sends them without end would occupy the event loop until the deadline.
"""

import ssl
from typing import Any

import httpcore


class BoundedBackend(httpcore.AsyncNetworkBackend):
    """Every connection that `inner` makes may receive `most` bytes."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, most: int) -> None:
        self._inner, self._most = inner, most

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _BoundedStream(await self._inner.connect_tcp(*args, **options), self._most)

    async def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _BoundedStream(httpcore.AsyncNetworkStream):
    # The timeouts are those of the interface.
    def __init__(self, inner: httpcore.AsyncNetworkStream, left: int) -> None:
        self._inner, self._left = inner, left

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._left <= 0:
            raise httpcore.ReadError("The answer is too large.")
        found = await self._inner.read(min(max_bytes, self._left), timeout)
        self._left -= len(found)
        return found

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        secured = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _BoundedStream(secured, self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
