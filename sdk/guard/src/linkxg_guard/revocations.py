"""What is revoked for the account of this service, as the last document of the feed says."""

from typing import Any

from linkxg_guard.principal import Principal
from linkxg_guard.strict_json import is_integer, is_text

MAX_ENTRIES = 20_000
_KINDS = ("token", "session", "client", "user")


class Revocations:
    """The content of one version of the feed; it never changes. What was judged by it ends with it."""

    __slots__ = ("accepted", "account_id", "ended", "epochs", "keys", "not_before", "version")

    def __init__(self, account_id: str, version: str, keys: dict[str, str]) -> None:
        self.account_id = account_id
        self.version = version
        self.keys = keys
        """Algorithms of the keys whose tokens are accepted, by id."""
        self.not_before = 0
        self.ended: set[str] = set()
        """Ids of revoked tokens and ended sessions."""
        self.epochs: dict[str, int] = {}
        """The first valid epoch of clients and people, by id."""
        self.accepted: dict[bytes, tuple[Principal, float]] = {}
        """Callers that were accepted by this version, by the digest of their header, and until when."""

    def find(self, caller: Principal) -> str | None:
        """Why the caller's token is revoked; None if it is not."""
        if caller.kid not in self.keys:
            return "key retired"
        if self.ended and (caller.jti in self.ended or caller.session_id in self.ended):
            return "token revoked or session ended"
        epoch = self.epochs.get(caller.id)
        if epoch is not None and caller.epoch < epoch:
            return "permissions changed"
        if caller.issued_at < self.not_before:
            return "issued before the oldest revocation that is still listed"
        return None


def read_revocations(claims: dict[str, Any], known: Revocations | None) -> Revocations:
    """The revocations of a verified document; without entries those of `known`. Raises ValueError."""
    version, keys, not_before = claims.get("version"), claims.get("keys"), claims.get("not_before", 0)
    if not is_text(version, 64) or not is_text(claims.get("account_id")) or not is_integer(not_before):
        raise ValueError("members of the feed are missing")
    found = Revocations(claims["account_id"], str(version), _keys(keys))
    found.not_before = not_before
    entries = claims.get("entries")
    if entries is None:
        if known is None or known.version != version or known.account_id != found.account_id:
            raise ValueError("the feed has no entries of this version")
        found.ended, found.epochs = known.ended, known.epochs
        return found
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise ValueError("too many entries")
    for entry in entries:
        if not isinstance(entry, dict) or not is_text(entry.get("id")):
            raise ValueError("an entry is malformed")
        kind, id = entry.get("kind"), entry["id"]
        epoch = entry.get("epoch", 0)
        if kind not in _KINDS or not is_integer(epoch):
            # What is not understood may revoke anything.
            raise ValueError("an entry is of an unknown kind")
        if kind in ("token", "session"):
            found.ended.add(id)
        else:
            found.epochs[id] = max(epoch, found.epochs.get(id, 0))
    return found


def _keys(keys: Any) -> dict[str, str]:
    if not isinstance(keys, list) or len(keys) > 64:
        raise ValueError("the keys of the feed are malformed")
    found: dict[str, str] = {}
    for one in keys:
        if not isinstance(one, dict) or not is_text(one.get("kid"), 128) or not is_text(one.get("alg"), 16):
            raise ValueError("a key of the feed is malformed")
        found[one["kid"]] = one["alg"]
    return found
