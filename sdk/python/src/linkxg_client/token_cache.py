"""The current access token, fetched by one caller for all threads and tasks (single flight).

It is renewed ahead of its end, while it still works: one caller fetches the next one and all others go on. If that
fails, the current one is used to its end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from linkxg_client.access_token import AccessToken
from linkxg_client.clock import Clock
from linkxg_client.errors import ApiError, ConnectionFailed, LinkXGError, RateLimited, ServiceUnavailable
from linkxg_client.forks import renew_after_fork
from linkxg_client.steps import Await, Flight, Flow

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0


class Outcome(NamedTuple):
    """How a fetch ended: a token, or why there is none."""

    token: AccessToken | None
    error: Exception | None


class TokenCache:
    """One token. `fetch(patient)` gets the next one; if it is not `patient`, it makes one attempt only."""

    def __init__(self, fetch: Callable[[bool], Flow[AccessToken]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._flight: Flight[Outcome] | None = None
        self._not_before = 0.0
        self._replacements = 0
        self._replaced_at = 0.0
        renew_after_fork(self)

    def after_fork(self) -> None:
        # The token is as good in the child; the thread that fetches one has stayed in the parent.
        self._lock = threading.Lock()
        self._flight = None

    def current(self) -> AccessToken | None:
        """The token if it needs no renewal yet: what almost every request finds."""
        token = self._token
        return token if token is not None and self._clock.now() < token.refresh_at else None

    def get(self) -> Flow[AccessToken]:
        """A token that works, as far as is known here."""
        token = self.current()
        return token if token is not None else (yield from self._obtain(None))

    def replace(self, rejected: AccessToken) -> Flow[AccessToken | None]:
        """Another token than this one, which the service has rejected.

        None if the last replacement was rejected as well, a moment ago: then the tokens are not at fault, and
        fetching one for each request would only be a flood.
        """
        with self._lock:
            if self._token is rejected and self._flight is None:
                since = self._clock.now() - self._replaced_at
                if self._replacements and since < min(2.0**self._replacements, LONGEST_PAUSE_S):
                    return None
                self._replacements += 1
                self._replaced_at = self._clock.now()
                self._token = None
        return (yield from self._obtain(rejected))

    def accepted(self) -> None:
        """Note that the service has accepted the current token."""
        if self._replacements:
            self._replacements = 0

    def forget(self) -> None:
        """Fetch a new token for the next request."""
        with self._lock:
            self._token = None

    def store(self, token: AccessToken) -> None:
        """Use this token from now on."""
        with self._lock:
            self._token = token

    def _obtain(self, rejected: AccessToken | None) -> Flow[AccessToken]:
        while True:
            with self._lock:
                now, token = self._clock.now(), self._token
                if token is not None and (token is rejected or now >= token.expires_at):
                    token = None
                if token is not None and (now < max(token.refresh_at, self._not_before) or self._flight is not None):
                    return token
                flight, leads = self._flight, self._flight is None
                if flight is None:
                    flight = self._flight = Flight[Outcome]()
            if leads:
                return (yield from self._lead(flight, token))
            outcome: Outcome | None = yield Await(flight)
            if outcome is None:
                if self._flight is flight:
                    # A task of this very thread fetches one, and cannot go on while this call blocks.
                    return (yield from self._fetch(True))
            elif outcome.token is None:
                raise _again(outcome.error)
            elif outcome.token is not rejected:
                return outcome.token

    def _lead(self, flight: Flight[Outcome], usable: AccessToken | None) -> Generator[Any, Any, AccessToken]:
        outcome: Outcome | None = None
        try:
            try:
                token = yield from self._fetch(usable is None)
            except (ConnectionFailed, RateLimited, ServiceUnavailable) as error:
                if usable is None:
                    outcome = Outcome(None, error)
                    raise
                token = usable
                asked = error.retry_after if isinstance(error, ApiError) else None
                pause = min(asked or FIRST_PAUSE_S, LONGEST_PAUSE_S)
                self._not_before = self._clock.now() + pause * self._clock.uniform(1.0, 1.5)
            except Exception as error:
                outcome = Outcome(None, error)
                raise
            outcome = Outcome(token, None)
            return token
        finally:
            with self._lock:
                if outcome is not None and outcome.token is not None:
                    self._token = outcome.token
                if self._flight is flight:
                    self._flight = None
            flight.settle(outcome)


def _again(error: Exception | None) -> Exception:
    """The error for one more caller: of a raised exception, each gets a copy with a traceback of its own."""
    if isinstance(error, LinkXGError):
        return type(error)(*error.args)
    return error or ConnectionFailed("No token was fetched.")
