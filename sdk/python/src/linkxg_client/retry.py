"""When and after how long a request is sent again."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from linkxg_client.clock import Clock
from linkxg_client.errors import ConnectionFailed, retry_after_of
from linkxg_client.steps import Flow, Sleep, send

IDEMPOTENCY_KEY = "Idempotency-Key"
_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNAVAILABLE = {502, 503, 504}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """429 and 503 are repeated after `Retry-After`; lost answers when a repetition changes nothing.

    `attempts` counts the first one. An answer that asks for more than `max_wait` seconds is not waited for, and
    nothing is repeated later than `deadline` seconds after the first attempt.
    """

    attempts: int = 8
    max_wait: float = 60.0
    deadline: float = 180.0
    first_pause: float = 0.25

    def pause(self, attempt: int, asked: float | None, clock: Clock) -> float | None:
        """Seconds before the attempt after number `attempt`; None if there is none."""
        if attempt >= self.attempts or (asked is not None and asked > self.max_wait):
            return None
        if asked is not None:
            # Many clients were rejected in the same second; they must not all come back in the same one.
            return asked + clock.uniform(0.0, 0.25 + 0.1 * asked)
        longest = min(self.first_pause * 2.0 ** (attempt - 1), 8.0)
        return clock.uniform(longest / 2, longest)


NO_RETRY = RetryPolicy(attempts=1)


def send_with_retry(
    request: httpx.Request, policy: RetryPolicy, clock: Clock, *, auth: httpx.Auth | None = None
) -> Flow[httpx.Response]:
    """The answer, whatever it is, of the last attempt. Raises ConnectionFailed if none came."""
    began, attempt = clock.now(), 0
    while True:
        attempt += 1
        response, failure = None, None
        try:
            response = yield from send(request, auth)
        except httpx.TransportError as error:
            failure = error
        if response is not None:
            if not _is_repeatable_answer(request, response.status_code):
                return response
            pause = policy.pause(attempt, retry_after_of(response, clock), clock)
        else:
            pause = policy.pause(attempt, None, clock) if _is_repeatable_failure(request, failure) else None
        if pause is None or clock.now() - began + pause > policy.deadline or not is_replayable(request):
            if response is not None:
                return response
            # Only the kind: the error itself keeps the frames of the connection, and they the request.
            name = type(failure).__name__
            failure = None
            raise ConnectionFailed(f"{request.method} {request.url.copy_with(query=None)}: {name}")
        yield Sleep(pause)


def is_replayable(request: httpx.Request) -> bool:
    """Whether the body can be sent once more."""
    try:
        _ = request.content
    except httpx.RequestNotRead:
        return bool(getattr(request.stream, "replayable", False))
    return True


def _may_repeat(request: httpx.Request) -> bool:
    return request.method in _IDEMPOTENT or IDEMPOTENCY_KEY in request.headers


def _is_repeatable_answer(request: httpx.Request, status: int) -> bool:
    return status == 429 or (status in _UNAVAILABLE and _may_repeat(request))


def _is_repeatable_failure(request: httpx.Request, failure: httpx.TransportError | None) -> bool:
    if isinstance(failure, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        return False
    return isinstance(failure, _NEVER_SENT) or _may_repeat(request)
