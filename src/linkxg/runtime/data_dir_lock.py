"""The lock on the data directory: shared by every worker while it lives, exclusive for a restore.

The lock belongs to an open file, so it ends with the process, however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkxg.errors import OperatorError
from linkxg.runtime.files import open_foreign, open_private

FILE = ".service.lock"


class DataDirLocked(OperatorError):
    """The directory is in use; the message says by what."""


def lock_data_dir(data_dir: Path) -> int:
    """Hold the shared lock until this process ends. Raises DataDirLocked during a restore."""
    descriptor = _open(data_dir)
    if not _lock(descriptor, fcntl.LOCK_SH):
        raise DataDirLocked(f"a restore is in progress in {data_dir}: start again when it has ended")
    return descriptor


@contextmanager
def exclusive_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the exclusive lock. Raises DataDirLocked while a service runs."""
    descriptor = _open(data_dir)
    try:
        if not _lock(descriptor, fcntl.LOCK_EX):
            raise DataDirLocked(f"a service is running on {data_dir}: stop it first")
        yield
    finally:
        os.close(descriptor)


def is_in_use(data_dir: Path) -> bool:
    """Whether a service runs on the directory. Raises OSError if the lock cannot be examined."""
    try:
        descriptor = open_foreign(data_dir / FILE)
    except FileNotFoundError:
        return False
    try:
        return not _lock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _open(data_dir: Path) -> int:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_private(data_dir / FILE)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
