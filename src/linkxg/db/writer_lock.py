"""The writer lock of the processes that share one SQLite file.

SQLite itself lets one connection write at a time, but up to version 3.51.2 a checkpoint that overlaps the commit of
another process can, very rarely, lose what was committed (sqlite.org/wal.html, «The WAL-reset bug»). So a process
commits, and checkpoints within its commit, only while it holds the lock of a file beside the database. The lock ends
with the process, however that ends.
"""

import fcntl
import os
import sqlite3
import time
from pathlib import Path
from types import TracebackType

from linkxg.runtime.files import open_private

_SHORTEST_S, _LONGEST_S = 0.000_2, 0.002


class WriterLock:
    """`with lock:` is the only writer. Raises sqlite3.OperationalError, as SQLite does, after `wait_s` seconds."""

    def __init__(self, database: Path, wait_s: float) -> None:
        self._path = database.with_name(database.name + "-turn")
        self._wait_s = wait_s
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        try:
            if self._descriptor is None:
                self._descriptor = open_private(self._path)
        except OSError as error:
            raise sqlite3.OperationalError(f"unable to open the lock file: {error.strerror or error}") from error
        until, pause = time.monotonic() + self._wait_s, _SHORTEST_S
        while not _lock(self._descriptor):
            if time.monotonic() > until:
                raise sqlite3.OperationalError("another process is writing")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_S)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
