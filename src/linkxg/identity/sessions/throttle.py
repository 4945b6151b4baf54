"""Throttling of password guesses without account lockout (NIST SP 800-63B §3.2.2).

Attempts are counted before the password is checked and given back on success: per (e-mail, source) with a growing
delay, and per e-mail over all sources with a ceiling. Past the ceiling only sources from which the person has signed in
lately may still try, so strangers cannot lock a customer out. The counters are stored: they are shared by all workers
and survive restarts.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import DAY, MINUTE, SECOND, now_ms
from linkxg.crypto.secrets import digest
from linkxg.errors import RateLimitExceeded
from linkxg.http.client_ip import parse_address, source_key
from linkxg.http.rate_limits import Budget, refusal
from linkxg.identity.sessions import store, throttle_store

FREE_FAILURES = 5
CEILING = 100
LONGEST_MS = 15 * MINUTE
KNOWN_SOURCE_MS = 30 * DAY
SOURCE_LOGINS = Budget("login-source", 60, 60)
_POLICY = Budget("login", FREE_FAILURES, 60)


class Throttle(NamedTuple):
    """The keys of the two counters of an attempt; `scale` multiplies the limits."""

    pair: bytes
    email: bytes
    scale: float

    def begin(self, conn: Connection, user_id: str | None, source: str) -> int | RateLimitExceeded:
        """Count an attempt before its password is checked, so that concurrent attempts cannot exceed the limit.

        Returns how many this source has made in a row, or the error. Each statement locks its row until the transaction
        ends: of concurrent attempts as many are admitted as of consecutive ones.
        """
        now = now_ms()
        attempts = throttle_store.add_attempt(conn, self.pair, now=now, forget_before=now - DAY)
        if attempts is None:
            return self._error(throttle_store.blocked_until(conn, self.pair) - now)
        ceiling = max(1, int(CEILING * self.scale))
        if throttle_store.add_attempt(conn, self.email, now=now, forget_before=now - DAY, ceiling=ceiling) is None:
            if user_id is None or not self._is_known_source(conn, user_id, source, now):
                throttle_store.give_attempt_back(conn, self.pair)
                return self._error(LONGEST_MS)
            throttle_store.add_attempt(conn, self.email, now=now, forget_before=now - DAY)
        self._block(conn, attempts, now)
        return attempts

    def fail(self, conn: Connection, attempts: int) -> None:
        """The attempt failed: the delay starts now. The same work whether the person exists or not."""
        now = now_ms()
        throttle_store.note_failure(conn, self.pair, now)
        self._block(conn, attempts, now)

    def give_back(self, conn: Connection) -> None:
        """Uncount an attempt whose password could not be checked."""
        for key in (self.pair, self.email):
            throttle_store.give_attempt_back(conn, key)

    @property
    def _free(self) -> int:
        return max(1, int(FREE_FAILURES * self.scale))

    def _block(self, conn: Connection, attempts: int, now: int) -> None:
        beyond = attempts - self._free
        if beyond >= 0:
            throttle_store.block(conn, self.pair, now + min(SECOND << min(beyond, 20), LONGEST_MS))

    def _is_known_source(self, conn: Connection, user_id: str, source: str, now: int) -> bool:
        if parse_address(source) is None:
            # An unparsable address matches nobody's.
            return False
        known = store.list_session_sources(conn, user_id, now - KNOWN_SOURCE_MS)
        return source_key(source) in map(source_key, known)

    def clear(self, conn: Connection) -> None:
        """After a success: forget the failures of this e-mail address."""
        throttle_store.clear_failures(conn, [self.pair, self.email])

    def _error(self, left_ms: int) -> RateLimitExceeded:
        return refusal(_POLICY, self._free, left_ms / 1000)


def throttle_of(email_key: str, source: str, scale: float) -> Throttle:
    """The counters of an e-mail address and a source; only digests of them are stored."""
    return Throttle(digest(f"pair\n{email_key}\n{source_key(source)}"), digest(f"email\n{email_key}"), scale)
