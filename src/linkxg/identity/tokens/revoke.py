"""Revocation of live tokens through the invalidation feed.

A revocation is a row of the feed, written in the transaction that causes it. `Revocations` holds those of the last 20
minutes in memory: its size depends on the number of revocations, not of tokens.
"""

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import invalidation_feed
from linkxg.db.caller_lock import lock_caller
from linkxg.db.invalidation_feed import CLIENT, LIVE_MS, SESSION, TOKEN, USER, Invalidation, InvalidationFeed
from linkxg.identity.tokens.model import Principal

_PRUNE_EVERY = 4_096


def revoke_token(conn: Connection, account_id: str, client_id: str, jti: str) -> None:
    """Revoke one access token of a client, after its writes in progress."""
    lock_caller(conn, client_id)
    invalidation_feed.append(conn, account_id, TOKEN, jti)


def revoke_session(conn: Connection, account_id: str, user_id: str, session_id: str) -> None:
    """Revoke the access tokens of a person's session."""
    lock_caller(conn, user_id)
    invalidation_feed.append(conn, account_id, SESSION, session_id)


def revoke_certificate(conn: Connection, account_id: str, client_id: str, certificate_id: str) -> None:
    """Revoke the access tokens that are bound to a client's certificate."""
    lock_caller(conn, client_id)
    invalidation_feed.append(conn, account_id, TOKEN, certificate_id)


def invalidate_client(conn: Connection, account_id: str, client_id: str, epoch: int) -> None:
    """Invalidate cached copies of the client, and its tokens of epochs before `epoch`."""
    lock_caller(conn, client_id)
    invalidation_feed.append(conn, account_id, CLIENT, client_id, epoch)


class Revocations:
    """The recent revocations, from the invalidation feed."""

    def __init__(self, feed: InvalidationFeed) -> None:
        self._revoked: dict[str, int] = {}
        self._minimum_epochs: dict[str, tuple[int, int]] = {}
        self._since_pruned = 0
        for kind in (TOKEN, SESSION):
            feed.subscribe(kind, self._on_revoked)
        for kind in (CLIENT, USER):
            feed.subscribe(kind, self._on_new_epoch)

    def find(self, principal: Principal) -> str | None:
        """Why the caller's token is revoked; None if it is not."""
        revoked = self._revoked
        if revoked:
            if principal.jti in revoked:
                return "token revoked"
            if principal.session_id in revoked:
                return "session ended"
            if principal.certificate_id in revoked:
                return "certificate removed"
        minimum = self._minimum_epochs.get(principal.id)
        if minimum is not None and principal.epoch < minimum[0]:
            return "permissions changed"
        return None

    def __len__(self) -> int:
        return len(self._revoked) + len(self._minimum_epochs)

    def _on_revoked(self, change: Invalidation) -> None:
        self._revoked[change.subject] = change.at
        self._prune()

    def _on_new_epoch(self, change: Invalidation) -> None:
        epoch, _ = self._minimum_epochs.get(change.subject, (0, 0))
        self._minimum_epochs[change.subject] = (max(epoch, change.epoch), change.at)
        self._prune()

    def _prune(self) -> None:
        self._since_pruned += 1
        if self._since_pruned < _PRUNE_EVERY:
            return
        self._since_pruned = 0
        oldest = now_ms() - LIVE_MS
        self._revoked = {subject: at for subject, at in self._revoked.items() if at > oldest}
        self._minimum_epochs = {subject: epoch for subject, epoch in self._minimum_epochs.items() if epoch[1] > oldest}
