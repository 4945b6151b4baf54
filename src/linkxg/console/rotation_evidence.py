"""The evidence that an old secret is safe to remove: which addresses use which secret.

Safe only when every address that used the old secret in the last seven days has used the new one, and the old one has
been unused for 24 hours since.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from linkxg.clock import DAY
from linkxg.db.schema import AnyRow
from linkxg.http.client_ip import source_key
from linkxg.identity.clients.model import Secret

LOOK_BACK_MS = 7 * DAY
QUIET_MS = DAY
SHOWN = 20


class UsedAddress(NamedTuple):
    """An IPv4 address or an IPv6 /64 that used the old secret; times in milliseconds."""

    source: str
    last_used_at: int
    switched: bool


class RotationEvidence(NamedTuple):
    """`kind` is `warn`, `wait` or `safe`. Times in milliseconds.

    `free_at` is when the old secret can go if it stays unused; `complete` says whether every use has a known address.
    """

    kind: str
    old: Secret
    newest: Secret
    addresses: Sequence[UsedAddress]
    every: int | None
    free_at: int | None
    complete: bool

    @property
    def safe(self) -> bool:
        return self.kind == "safe"

    @property
    def waiting(self) -> int:
        """How many addresses have used only the old secret."""
        return sum(not address.switched for address in self.addresses)


def rotation_evidence(old: Secret, newest: Secret, sources: Iterable[AnyRow], now: int) -> RotationEvidence:
    """Whether `old` is still needed now that there is `newest`; `sources` are the addresses that used either."""
    rows = list(sources)
    # An IPv6 host changes its address within its /64 by itself (RFC 8981).
    used_new: dict[str, int] = {}
    for row in rows:
        if row.secret_id == newest.id:
            key = source_key(row.source)
            used_new[key] = min(row.first_used_at, used_new.get(key, row.first_used_at))
    used_old = [row for row in rows if row.secret_id == old.id]
    recent: dict[str, int] = {}
    for row in used_old:
        if row.last_used_at > now - LOOK_BACK_MS:
            key = source_key(row.source)
            recent[key] = max(row.last_used_at, recent.get(key, 0))
    addresses = [UsedAddress(key, at, key in used_new) for key, at in recent.items()]
    complete = sum(row.uses for row in used_old) == old.uses
    every = None
    if used_old and old.uses > 2:
        first = min(row.first_used_at for row in used_old)
        every = ((old.last_used_at or first) - first) // (old.uses - 1) or None

    def result(kind: str, free_at: int | None) -> RotationEvidence:
        return RotationEvidence(kind, old, newest, addresses, every, free_at, complete)

    if old.last_used_at is None:
        free_at = old.created_at + QUIET_MS
        return result("safe", None) if free_at <= now else result("wait", free_at)
    if newest.first_used_at is None:
        return result("warn", None)
    if not complete or not all(address.switched for address in addresses):
        return result("wait", None)
    switched = [used_new[address.source] for address in addresses]
    free_at = max([old.last_used_at, *switched]) + QUIET_MS
    return result("safe", None) if free_at <= now else result("wait", free_at)
