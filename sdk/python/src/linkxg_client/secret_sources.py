"""Where a client's secret comes from: the environment, a file, a keyring or a function.

A source is read again for each token, so that a new secret is used without a restart.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, TypeAlias, runtime_checkable

from linkxg_client.errors import SecretUnavailable
from linkxg_client.secret import Secret


class SecretSource(Protocol):
    """Hands out the secret. `read` may block."""

    def read(self) -> Secret: ...


@runtime_checkable
class RotatableSource(SecretSource, Protocol):
    """A source that can store the next secret."""

    def try_rotate(self) -> RotationSlot | None:
        """Take the right to rotate; None while somebody else has it. Does not block."""
        ...


class RotationSlot(Protocol):
    """The right to rotate. `key` is the Idempotency-Key: the same again after a crash, until the secret is stored."""

    key: str
    is_continued: bool
    """Whether the key is that of a rotation that did not end."""

    def store(self, secret: Secret) -> None:
        """Make it the stored secret, durably, as a whole or not at all."""
        ...

    def renew_key(self) -> None:
        """Take another key: the service no longer knows the answer to this one."""
        ...

    def forget_key(self) -> None:
        """Nothing was rotated."""
        ...

    def release(self) -> None:
        """Give the right back."""
        ...


class FixedSecret:
    """A secret that was passed as a value."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def read(self) -> Secret:
        return self._secret


class EnvironmentSecret:
    """A secret in an environment variable."""

    def __init__(self, name: str = "LINKXG_CLIENT_SECRET") -> None:
        self.name = name

    def read(self) -> Secret:
        value = os.environ.get(self.name, "").strip()
        if not value:
            raise SecretUnavailable(f"The environment variable {self.name} is not set.")
        return Secret(value)


class CallableSecret:
    """A secret that a function returns, for example from a vault; with `store`, one that can be rotated."""

    def __init__(self, function: Callable[[], str | Secret], *, store: Callable[[Secret], None] | None = None) -> None:
        self._function = function
        self._store = store
        self._lock = threading.Lock()

    def read(self) -> Secret:
        return as_secret(self._function())

    def try_rotate(self) -> RotationSlot | None:
        if self._store is None:
            raise SecretUnavailable("The next secret cannot be stored: pass `store` as well.")
        return _try_memory_slot(self._store, self._lock)


class KeyringSecret:
    """A secret in the keyring of the operating system. Needs `linkxg-client[keyring]`."""

    def __init__(self, service: str, username: str) -> None:
        self.service = service
        self.username = username
        self._lock = threading.Lock()

    def read(self) -> Secret:
        value = _keyring().get_password(self.service, self.username)
        if not value:
            raise SecretUnavailable(f"The keyring has no secret of {self.username} for {self.service}.")
        return Secret(value)

    def write(self, secret: Secret) -> None:
        _keyring().set_password(self.service, self.username, secret.reveal())

    def try_rotate(self) -> RotationSlot | None:
        return _try_memory_slot(self.write, self._lock)


class _MemorySlot:
    """A rotation whose key lives as long as this process."""

    is_continued = False

    def __init__(self, store: Callable[[Secret], None], lock: threading.Lock) -> None:
        self.key = f"rotate-{uuid.uuid4().hex}"
        self._store = store
        self._lock = lock

    def store(self, secret: Secret) -> None:
        self._store(secret)

    def renew_key(self) -> None:
        self.key = f"rotate-{uuid.uuid4().hex}"

    def forget_key(self) -> None:
        pass

    def release(self) -> None:
        self._lock.release()


def _try_memory_slot(store: Callable[[Secret], None], lock: threading.Lock) -> _MemorySlot | None:
    return _MemorySlot(store, lock) if lock.acquire(blocking=False) else None


def _keyring() -> Any:
    try:
        return import_module("keyring")
    except ImportError:
        raise SecretUnavailable("Install linkxg-client[keyring] to read secrets from the keyring.") from None


SecretLike: TypeAlias = str | Secret | SecretSource | Callable[[], "str | Secret"]


def as_secret(value: str | Secret) -> Secret:
    return value if isinstance(value, Secret) else Secret(value.strip())


def as_source(value: SecretLike) -> SecretSource:
    """The source for what a caller passes as a secret."""
    if isinstance(value, (str, Secret)):
        return FixedSecret(as_secret(value))
    if callable(value):
        return CallableSecret(value)
    return value
