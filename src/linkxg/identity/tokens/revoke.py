"""Revocation of live tokens, through the change feed.

A revocation is a row of the change feed, written in the transaction that causes it. `Revocations` is what a worker
remembers of them: as many entries as there were revocations in the last 20 minutes, however many tokens are alive.
"""

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import invalidation_feed
from linkxg.db.caller_lock import lock_caller
from linkxg.db.invalidation_feed import CLIENT, LIVE_MS, SESSION, TOKEN, USER, Invalidation, InvalidationFeed
from linkxg.identity.tokens.model import Principal

_PRUNE_EVERY = 4_096


def revoke_token(conn: Connection, client_id: str, jti: str) -> None:
    """One access token of a client; what it is writing at this moment is committed first."""
    lock_caller(conn, client_id)
    invalidation_feed.append(conn, TOKEN, jti)


def revoke_session(conn: Connection, user_id: str, session_id: str) -> None:
    """All access tokens of one session of a person."""
    lock_caller(conn, user_id)
    invalidation_feed.append(conn, SESSION, session_id)


def invalidate_client(conn: Connection, client_id: str, epoch: int) -> None:
    """Forget what is cached of the client; its tokens of an epoch before `epoch` are dead."""
    lock_caller(conn, client_id)
    invalidation_feed.append(conn, CLIENT, client_id, epoch)


class Revocations:
    """What was revoked lately, fed by the change feed."""

    def __init__(self, feed: InvalidationFeed) -> None:
        self._dead: dict[str, int] = {}
        self._floors: dict[str, tuple[int, int]] = {}
        self._since_pruned = 0
        for kind in (TOKEN, SESSION):
            feed.subscribe(kind, self._kill)
        for kind in (CLIENT, USER):
            feed.subscribe(kind, self._raise_floor)

    def reaches(self, principal: Principal) -> str | None:
        """Which revocation the caller's token fell under; None while it is alive."""
        dead = self._dead
        if dead:
            if principal.jti in dead:
                return "token revoked"
            if principal.session_id in dead:
                return "session ended"
        floor = self._floors.get(principal.id)
        if floor is not None and principal.epoch < floor[0]:
            return "permissions changed"
        return None

    def __len__(self) -> int:
        return len(self._dead) + len(self._floors)

    def _kill(self, change: Invalidation) -> None:
        self._dead[change.subject] = change.at
        self._prune()

    def _raise_floor(self, change: Invalidation) -> None:
        epoch, _ = self._floors.get(change.subject, (0, 0))
        self._floors[change.subject] = (max(epoch, change.epoch), change.at)
        self._prune()

    def _prune(self) -> None:
        self._since_pruned += 1
        if self._since_pruned < _PRUNE_EVERY:
            return
        self._since_pruned = 0
        oldest = now_ms() - LIVE_MS
        self._dead = {subject: at for subject, at in self._dead.items() if at > oldest}
        self._floors = {subject: floor for subject, floor in self._floors.items() if floor[1] > oldest}
