"""Where a session of a person is kept: in memory, or in a file that several processes share."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from linkxg_client.errors import SignInRequired
from linkxg_client.private_files import FileLock, remove, replace
from linkxg_client.secret import Secret


@dataclass(frozen=True)
class StoredSession:
    """The tokens of a session. `next_key` is the Idempotency-Key of the refresh that is still to come.

    It is random, and known before that refresh: whoever repeats it, also another process after a crash, gets the
    same answer, while a thief who has only the token ends the session.
    """

    access: Secret
    expires_at: float
    refresh: Secret
    user: dict[str, str]
    next_key: str = field(default_factory=lambda: f"refresh-{uuid.uuid4().hex}")


class SessionStore(Protocol):
    """Keeps one session. `try_lock` does not block; `load` and `save` may."""

    def load(self) -> StoredSession | None: ...

    def save(self, session: StoredSession | None) -> None: ...

    def try_lock(self) -> bool: ...

    def unlock(self) -> None: ...


class MemoryStore:
    """A session that ends with the process."""

    def __init__(self) -> None:
        self._session: StoredSession | None = None
        self._lock = threading.Lock()

    def load(self) -> StoredSession | None:
        return self._session

    def save(self, session: StoredSession | None) -> None:
        self._session = session

    def try_lock(self) -> bool:
        return self._lock.acquire(blocking=False)

    def unlock(self) -> None:
        self._lock.release()


class SessionFile:
    """A session in a file that only its owner may read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = FileLock(self.path)

    def __repr__(self) -> str:
        return f"SessionFile({str(self.path)!r})"

    def load(self) -> StoredSession | None:
        try:
            with self.path.open(encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read()
        except FileNotFoundError:
            return None
        if sys.platform != "win32" and mode & (stat.S_IRWXO | stat.S_IRWXG):
            raise SignInRequired(f"{self.path} can be read by others: delete it and sign in again.")
        return _decode(content)

    def save(self, session: StoredSession | None) -> None:
        if session is None:
            remove(self.path)
        else:
            replace(self.path, _encode(session))

    def try_lock(self) -> bool:
        return self._lock.try_acquire()

    def unlock(self) -> None:
        self._lock.release()


def _encode(session: StoredSession) -> bytes:
    return json.dumps(
        {
            "access": session.access.reveal(),
            "expiresAt": session.expires_at,
            "refresh": session.refresh.reveal(),
            "user": session.user,
            "nextKey": session.next_key,
        }
    ).encode()


def _decode(content: str) -> StoredSession | None:
    try:
        body = cast("dict[str, Any]", json.loads(content))
        return StoredSession(
            access=Secret(body["access"]),
            expires_at=float(body["expiresAt"]),
            refresh=Secret(body["refresh"]),
            user=dict(body["user"]),
            next_key=str(body["nextKey"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
