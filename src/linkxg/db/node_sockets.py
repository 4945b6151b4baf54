"""The Unix sockets that connect the worker processes of one node.

They are in a directory of the data directory that only the service's user can enter. Their names are unique, so the
socket of a killed process is removed without harm to any other.
"""

import contextlib
import os
import re
import secrets
import socket
import stat
import time
from pathlib import Path

from linkxg.db.database import UnsafeDatabase

DIRECTORY = ".workers"
_BACKLOG = 128
_STALE_S = 5.0
"""A socket that refuses connections may belong to a process that is about to listen; one of this age is stale."""
_NAME = re.compile(r"\d+-[0-9a-f]{8}")
_DESCRIPTORS = Path("/proc/self/fd")


class SocketDirectory:
    """The sockets of one node, below `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / DIRECTORY
        self._descriptor: int | None = None

    def make(self) -> None:
        """Raises UnsafeDatabase if the directory is a link, or other users own it or can enter it."""
        with contextlib.suppress(FileExistsError):
            self._path.mkdir(mode=0o700)
        self._open()

    def names(self) -> list[str]:
        """The names of all sockets; none if no worker has ever listened. Raises UnsafeDatabase."""
        if not self._open():
            return []
        assert self._descriptor is not None
        return [name for name in os.listdir(self._descriptor) if _NAME.fullmatch(name)]

    def bind(self) -> tuple[str, socket.socket]:
        """A new listening socket and its name, which begins with the process id. Raises OSError."""
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        listener = _new_socket()
        try:
            listener.bind(self._address(name))
            os.chmod(name, 0o600, dir_fd=self._descriptor)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        return name, listener

    def connect(self, name: str) -> socket.socket | None:
        """A connection to the process that listens there; None if there is none, or it accepts no connection now."""
        end = _new_socket()
        try:
            end.connect(self._address(name))
        except OSError as error:
            end.close()
            if isinstance(error, ConnectionRefusedError):
                self._remove_stale(name)
            return None
        return end

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> bool:
        """Whether the directory exists; it is opened once, so that it cannot be replaced by another."""
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UnsafeDatabase(f"{self._path} is not a directory created by this service: remove it") from error
        owner = self._path.parent.stat()
        if os.geteuid() == 0:
            # Made by root, it belongs to its directory's owner, as every other file does.
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        status = os.fstat(descriptor)
        if status.st_uid not in (os.geteuid(), owner.st_uid) or status.st_mode & 0o077:
            os.close(descriptor)
            raise UnsafeDatabase(f"{self._path} is accessible to other users: stop the service and remove it")
        self._descriptor = descriptor
        return True

    def _address(self, name: str) -> str:
        """Through the open directory if possible, so that a path of any length fits (sun_path has 108 bytes)."""
        if _DESCRIPTORS.exists():
            return f"{_DESCRIPTORS}/{self._descriptor}/{name}"
        return str(self._path / name)

    def _remove_stale(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            if stat.S_ISSOCK(status.st_mode) and time.time() - status.st_mtime > _STALE_S:
                self.remove(name)


def _new_socket() -> socket.socket:
    # Keeps message boundaries, and reports when the other end is closed.
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.setblocking(False)
    return made
