"""Clocks and transports that tests of the client library control."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx

from linkxg_client.clock import Clock


class ShiftedClock(Clock):
    """The real clock, and how far it is ahead. Sleeping is real."""

    def __init__(self, skew: float = 0.0) -> None:
        self.ahead = 0.0
        self.skew = skew

    def now(self) -> float:
        return super().now() + self.ahead

    def time(self) -> float:
        return super().time() + self.ahead + self.skew


class FakeClock(Clock):
    """A clock that stands still; sleeping moves it."""

    def __init__(self) -> None:
        self.moment = 1_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.moment

    def time(self) -> float:
        return 1_700_000_000.0 + self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


class Recorder:
    """Makes transports that count what they send; `fault` may answer or raise instead."""

    def __init__(self, fault: Callable[[httpx.Request], httpx.Response | None] | None = None) -> None:
        self.requests: list[tuple[str, str]] = []
        self.scopes: list[str] = []
        self.fault = fault
        self._lock = threading.Lock()

    def count(self, path: str) -> int:
        return sum(sent.endswith(path) for _, sent in self.requests)

    @property
    def tokens(self) -> int:
        return self.count("/oauth/token")

    def note(self, request: httpx.Request) -> httpx.Response | None:
        with self._lock:
            self.requests.append((request.method, request.url.path))
        return self.fault(request) if self.fault else None

    def transport(self) -> httpx.BaseTransport:
        return _Recording(self)

    def async_transport(self) -> httpx.AsyncBaseTransport:
        return _AsyncRecording(self)


class _Recording(httpx.HTTPTransport):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__(verify=False)
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._recorder.note(request) or super().handle_request(request)


class _AsyncRecording(httpx.AsyncHTTPTransport):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__(verify=False)
        self._recorder = recorder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._recorder.note(request) or await super().handle_async_request(request)


def token_answer(value: str = "token", lifetime: int = 900) -> httpx.Response:
    """A token as the service answers it."""
    return httpx.Response(
        200, json={"access_token": value, "token_type": "Bearer", "expires_in": lifetime, "scope": "products:read"}
    )


UNAUTHORIZED = httpx.Response(
    401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}, json={"error": "invalid_token"}
)
