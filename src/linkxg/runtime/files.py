"""Creates and opens the program's own files without following planted links (CWE-59).

Another user may have put a symbolic link, a hard link or a file in the place of ours, to make this process write
elsewhere. New files are created with `O_EXCL`; existing ones are opened with `O_NOFOLLOW` and used only if they are
regular, have one name, belong to this user or to the directory's owner, and are private.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path

PRIVATE = 0o600
_ATTEMPTS = 3
_NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_EXISTING = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class UnsafeFile(OSError):
    """A file of ours is a link, or belongs to another user; the message says what to do."""


def create_private(path: Path, *, for_owner: bool = True) -> int:
    """Create a file of mode 0600 and open it for reading and writing. Raises UnsafeFile if the path exists.

    A file created by root is given to the owner of the directory, so that the service can use it, unless `for_owner`
    is false.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | _NEW, PRIVATE)
    except FileExistsError:
        raise UnsafeFile(f"{path} already exists: {_REMOVE}") from None
    try:
        os.fchmod(descriptor, PRIVATE)
        if for_owner and os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_private(path: Path, *, for_owner: bool = True) -> int:
    """Open our file at `path`, or create it. Raises UnsafeFile for anything that is not ours."""
    for _ in range(_ATTEMPTS):
        try:
            descriptor = os.open(path, os.O_RDWR | _EXISTING)
        except FileNotFoundError:
            # Another process may create it at the same time.
            with contextlib.suppress(UnsafeFile):
                return create_private(path, for_owner=for_owner)
            continue
        except OSError as error:
            raise _explained(path, error) from None
        try:
            _require_ours(path, os.fstat(descriptor))
        except UnsafeFile:
            os.close(descriptor)
            raise
        return descriptor
    raise UnsafeFile(f"{path} keeps appearing and disappearing: {_REMOVE}")


def open_foreign(path: Path) -> int:
    """Open a file that a person has named for reading. Raises UnsafeFile for a link or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _EXISTING)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeFile(f"{path} is a symbolic link: use the file itself") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnsafeFile(f"{path} is not a regular file")
    return descriptor


def require_own_companions(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raises UnsafeFile if a file beside `path` is a link, or belongs neither to this user nor the owner of `path`."""
    for beside in (path.with_name(path.name + suffix) for suffix in suffixes):
        with contextlib.suppress(FileNotFoundError):
            status = beside.lstat()
            if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                raise UnsafeFile(f"{beside} is not a file of its own: {_REMOVE}")
            if status.st_uid not in {os.geteuid(), path.stat().st_uid}:
                raise UnsafeFile(f"{beside} belongs to user {status.st_uid}: {_REMOVE}")


def make_private(path: Path) -> None:
    """Create an empty file if there is none; a dangling link is not followed."""
    if not path.exists():
        os.close(open_private(path))


def is_still(path: Path, descriptor: int) -> bool:
    """Whether `path` is still the name of the open file."""
    with contextlib.suppress(FileNotFoundError):
        there, ours = path.lstat(), os.fstat(descriptor)
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
    return False


def is_read_only(place: Path) -> bool:
    """Whether the file system of `place` is mounted read-only."""
    return bool(os.statvfs(place).f_flag & os.ST_RDONLY)


def sync_directory(directory: Path) -> None:
    """Make created and removed names in `directory` durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_REMOVE = "check who created it, remove it, and run the command again"


def _explained(path: Path, error: OSError) -> OSError:
    """UnsafeFile if the path is not a regular file; otherwise the error itself."""
    if error.errno == errno.ELOOP:
        return UnsafeFile(f"{path} is a symbolic link: {_REMOVE}")
    if error.errno in {errno.EISDIR, errno.ENXIO}:
        return UnsafeFile(f"{path} is not a regular file: {_REMOVE}")
    return error


def _require_ours(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFile(f"{path} is not a regular file: {_REMOVE}")
    if status.st_nlink > 1:
        raise UnsafeFile(f"{path} is a hard link to another file: {_REMOVE}")
    if status.st_uid not in {os.geteuid(), path.parent.stat().st_uid}:
        raise UnsafeFile(f"{path} belongs to user {status.st_uid}: {_REMOVE}")
    if status.st_mode & 0o077:
        raise UnsafeFile(f"{path} is accessible to other users (mode {status.st_mode & 0o777:o}): {_REMOVE}")
