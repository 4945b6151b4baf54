"""The throttle of password guesses, which locks nobody out.

Attempts are counted before the password is checked and given back on success: per (e-mail, source) with a growing
delay, and per e-mail over all sources with a ceiling (NIST SP 800-63B §3.2.2). Past the ceiling only sources from which
the person has signed in lately may still try, so strangers cannot lock a customer out. The counters are rows: they hold
across workers and restarts.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import DAY, MINUTE, SECOND, now_ms
from linkxg.crypto.secrets import digest
from linkxg.errors import RateLimitExceeded
from linkxg.http.client_ip import parse_address, source_key
from linkxg.http.rate_limits import Budget, refusal
from linkxg.identity.sessions import store

FREE_FAILURES = 5
CEILING = 100
LONGEST_MS = 15 * MINUTE
KNOWN_SOURCE_MS = 30 * DAY
SOURCE_LOGINS = Budget("login-source", 60, 60)
_POLICY = Budget("login", FREE_FAILURES, 60)


class Throttle(NamedTuple):
    """The two counters of one attempt; `scale` multiplies what is free."""

    pair: bytes
    email: bytes
    scale: float

    def begin(self, conn: Connection, user_id: str | None, source: str) -> int | RateLimitExceeded:
        """Count an attempt before its password is checked, so that attempts in flight are never more than are free.

        Returns how many this source has made in a row, or the refusal. Each statement locks its row until the
        transaction ends: of any number of attempts at once, as many get through as would one after the other.
        """
        now = now_ms()
        attempts = store.add_attempt(conn, self.pair, now=now, forget_before=now - DAY)
        if attempts is None:
            return self._refusal(store.blocked_until(conn, self.pair) - now)
        ceiling = max(1, int(CEILING * self.scale))
        if store.add_attempt(conn, self.email, now=now, forget_before=now - DAY, ceiling=ceiling) is None:
            if user_id is None or not self._is_known_source(conn, user_id, source, now):
                store.give_attempt_back(conn, self.pair)
                return self._refusal(LONGEST_MS)
            store.add_attempt(conn, self.email, now=now, forget_before=now - DAY)
        self._block(conn, attempts, now)
        return attempts

    def fail(self, conn: Connection, attempts: int) -> None:
        """The attempt failed: the delay begins now. The same work whether the person exists or not."""
        now = now_ms()
        store.note_failure(conn, self.pair, now)
        self._block(conn, attempts, now)

    def give_back(self, conn: Connection) -> None:
        """The attempt was never made: the service was too busy to check the password."""
        for key in (self.pair, self.email):
            store.give_attempt_back(conn, key)

    @property
    def _free(self) -> int:
        return max(1, int(FREE_FAILURES * self.scale))

    def _block(self, conn: Connection, attempts: int, now: int) -> None:
        beyond = attempts - self._free
        if beyond >= 0:
            store.block(conn, self.pair, now + min(SECOND << min(beyond, 20), LONGEST_MS))

    def _is_known_source(self, conn: Connection, user_id: str, source: str, now: int) -> bool:
        if parse_address(source) is None:
            # An address that cannot be read is nobody's.
            return False
        known = store.session_sources(conn, user_id, now - KNOWN_SOURCE_MS)
        return source_key(source) in map(source_key, known)

    def clear(self, conn: Connection) -> None:
        """A success forgives this person's failures only."""
        store.clear_failures(conn, [self.pair, self.email])

    def _refusal(self, left_ms: int) -> RateLimitExceeded:
        return refusal(_POLICY, self._free, left_ms / 1000)


def throttle_of(email_key: str, source: str, scale: float) -> Throttle:
    """The counters of one e-mail address seen from one source; the addresses themselves are not stored."""
    return Throttle(digest(f"pair\n{email_key}\n{source_key(source)}"), digest(f"email\n{email_key}"), scale)
