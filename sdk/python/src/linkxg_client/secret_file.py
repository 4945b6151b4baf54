"""A secret in a file, which several processes may share and any of them may rotate."""

from __future__ import annotations

import os
import stat
import sys
import uuid
from pathlib import Path

from linkxg_client.errors import SecretUnavailable
from linkxg_client.private_files import FileLock, remove, replace
from linkxg_client.secret import Secret


class SecretFile:
    """A file with the secret and nothing else. Other users may not read it, unless `readable_by_others` permits that.

    While it is rotated, `<name>.rotation` holds the Idempotency-Key of the request: whoever continues after a crash
    gets the answer that was lost.
    """

    def __init__(self, path: str | os.PathLike[str], *, readable_by_others: bool = False) -> None:
        self.path = Path(path)
        self._forbidden = stat.S_IWOTH | stat.S_IWGRP | (0 if readable_by_others else stat.S_IROTH)

    def __repr__(self) -> str:
        return f"SecretFile({str(self.path)!r})"

    def read(self) -> Secret:
        try:
            with self.path.open(encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                value = file.read().strip()
        except OSError as error:
            raise SecretUnavailable(f"{self.path} cannot be read: {error.strerror}.") from None
        if sys.platform != "win32" and mode & self._forbidden:
            raise SecretUnavailable(f"{self.path} can be read or written by others: run chmod 600 on it.")
        if not value:
            raise SecretUnavailable(f"{self.path} is empty.")
        return Secret(value)

    def is_rotating(self) -> bool:
        """Whether somebody rotates the secret now."""
        lock = FileLock(self.path)
        free = lock.try_acquire()
        lock.release()
        return not free

    def write(self, secret: Secret) -> None:
        """Store a secret. A file that exists keeps its place, not its mode: only its owner can read it."""
        replace(self.path, secret.reveal().encode() + b"\n")

    def rotated_at(self) -> float:
        """When the secret was stored, in seconds since 1970."""
        try:
            return self.path.stat().st_mtime
        except OSError as error:
            raise SecretUnavailable(f"{self.path} cannot be read: {error.strerror}.") from None

    def try_rotate(self) -> FileRotation | None:
        """Take the right to rotate, unless somebody has it."""
        lock = FileLock(self.path)
        if not lock.try_acquire():
            return None
        try:
            return FileRotation(self, lock)
        except BaseException:
            lock.release()
            raise


class FileRotation:
    """A rotation that holds the lock of the file."""

    def __init__(self, file: SecretFile, lock: FileLock) -> None:
        self._file = file
        self._lock = lock
        self._record = file.path.with_name(file.path.name + ".rotation")
        try:
            self.key = self._record.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            self.key = ""
        self.is_continued = bool(self.key)
        if not self.key:
            self._new_key()

    def store(self, secret: Secret) -> None:
        self._file.write(secret)
        remove(self._record)

    def renew_key(self) -> None:
        self.is_continued = False
        self._new_key()

    def forget_key(self) -> None:
        remove(self._record)

    def release(self) -> None:
        self._lock.release()

    def _new_key(self) -> None:
        self.key = f"rotate-{uuid.uuid4().hex}"
        replace(self._record, self.key.encode())
