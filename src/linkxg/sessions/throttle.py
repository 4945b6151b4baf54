"""How are guessed passwords slowed down without locking anybody out?

Failures are counted per (e-mail, source) with a growing delay, and per e-mail over all sources with a ceiling
(NIST SP 800-63B §3.2.2). Past the ceiling only sources from which the person has signed in lately may still
try, so strangers cannot lock a customer out. The counters are rows: they hold across workers and restarts.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import DAY, MINUTE, SECOND, now_ms
from linkxg.crypto.secrets import digest
from linkxg.errors import RateLimitExceeded
from linkxg.sessions import store
from linkxg.web.limits import Budget, refusal
from linkxg.web.source import UNKNOWN, source_key

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

    def refused(self, conn: Connection, user_id: str | None, source: str) -> RateLimitExceeded | None:
        """Why this attempt may not be made now, whether its password is right or not."""
        now = now_ms()
        rows = store.find_failures(conn, [self.pair, self.email])
        pair, email = rows.get(self.pair), rows.get(self.email)
        if pair is not None and pair.blocked_until > now:
            return self._refusal(pair.blocked_until - now)
        if email is None or email.failures < CEILING * self.scale or email.last_failed_at < now - DAY:
            return None
        if (
            user_id is not None
            and source != UNKNOWN
            and store.has_session_from(conn, user_id, source, now - KNOWN_SOURCE_MS)
        ):
            return None
        return self._refusal(LONGEST_MS)

    def count(self, conn: Connection) -> int:
        """Note a failure; returns how many this source has made in a row."""
        now = now_ms()
        failures = store.add_failure(conn, self.pair, now=now, forget_before=now - DAY)
        store.add_failure(conn, self.email, now=now, forget_before=now - DAY)
        beyond = failures - int(FREE_FAILURES * self.scale)
        if beyond >= 0:
            store.block(conn, self.pair, now + min(SECOND << min(beyond, 20), LONGEST_MS))
        return failures

    def clear(self, conn: Connection) -> None:
        """A success forgives this person's failures only."""
        store.clear_failures(conn, [self.pair, self.email])

    def _refusal(self, left_ms: int) -> RateLimitExceeded:
        return refusal(_POLICY, max(1, int(FREE_FAILURES * self.scale)), left_ms / 1000)


def throttle_of(email_key: str, source: str, scale: float) -> Throttle:
    """The counters of one e-mail address seen from one source; the addresses themselves are not stored."""
    return Throttle(digest(f"pair\n{email_key}\n{source_key(source)}"), digest(f"email\n{email_key}"), scale)
