"""Signing keys: the key file, rotation, and the key ring of a worker.

`keys.json` in the data directory, mode 0600, holds the signing keys and the server key (from which refresh tokens,
cursors and replayed secrets are derived). Rotation publishes the new key at once but signs with it only after the JWKS
cache time; the old one verifies until its last token has expired. Retirement is immediate.
"""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkxg.clock import now_s
from linkxg.errors import OperatorError, TemporarilyUnavailable
from linkxg.identity.tokens.model import LEEWAY_S, LIFETIME_S
from linkxg.runtime.files import UnsafeFile, create_private, open_foreign, open_private, sync_directory

if TYPE_CHECKING:
    from linkxg.crypto.jwt import SigningKey

FILE = "keys.json"
JWKS_CACHE_S = 300
MAX_RETIRED = 16


class KeysError(OperatorError):
    """The key file cannot be used, or the operation on keys failed; the message says why."""


@dataclass(frozen=True)
class KeyRecord:
    """One key of the file; times are seconds since the epoch, `retire_at` None while no successor exists."""

    kid: str
    alg: str
    jwk: dict[str, Any]
    created_at: int
    active_from: int
    retire_at: int | None = None


@dataclass(frozen=True)
class KeyFile:
    """Each change, on any node, increments `version`."""

    server_key: str
    keys: tuple[KeyRecord, ...]
    version: int = 1


def ensure_keys(data_dir: Path, algorithm: str) -> None:
    """Create the file if there is none."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lock_key_file(data_dir):
        if not has_keys(data_dir):
            write_keys(data_dir, new_keys(algorithm))


def has_keys(data_dir: Path) -> bool:
    """Whether the file exists; also true for a link, which `read_keys` rejects."""
    return os.path.lexists(data_dir / FILE)


def replace_key_file(data_dir: Path, algorithm: str) -> KeyFile:
    """A new server key and signing key, for a restore: everything issued before is invalid."""
    with lock_key_file(data_dir):
        content = new_keys(algorithm)
        write_keys(data_dir, content)
        return content


def new_keys(algorithm: str) -> KeyFile:
    """A new server key and one signing key, active at once."""
    server_key = base64.b64encode(secrets.token_bytes(32)).decode()
    return KeyFile(server_key, (_new(algorithm, now_s()),))


def with_new_key(found: KeyFile, algorithm: str, active_from: int) -> KeyFile:
    """Add a key that signs from `active_from`; the others verify until their last token has expired."""
    now = now_s()
    last_use = active_from + LIFETIME_S + 2 * LEEWAY_S
    kept = tuple(
        KeyRecord(**{**asdict(record), "retire_at": min(record.retire_at or last_use, last_use)})
        for record in found.keys
        if record.retire_at is None or record.retire_at > now
    )
    return KeyFile(found.server_key, (*kept, _new(algorithm, active_from)), found.version + 1)


def without_key(found: KeyFile, kid: str, algorithm: str) -> KeyFile:
    """Remove a key, and add a successor if none is active. Raises KeysError for an unknown one."""
    left = tuple(record for record in found.keys if record.kid != kid)
    if len(left) == len(found.keys):
        raise KeysError(f"there is no key {kid}")
    now = now_s()
    if not any(record.active_from <= now and record.retire_at is None for record in left):
        left = (*left, _new(algorithm, now))
    return KeyFile(found.server_key, left, found.version + 1)


def read_keys(data_dir: Path) -> KeyFile:
    """The file's content. Raises KeysError if it is missing, a link, unreadable, or open to or owned by others."""
    path = data_dir / FILE
    try:
        with open(open_foreign(path), "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & 0o077:
                raise KeysError(f"{path} is readable by other users: chmod 600 it")
            if status.st_uid not in {os.geteuid(), data_dir.stat().st_uid}:
                raise KeysError(f"{path} belongs to user {status.st_uid}: replace it with a copy of your own")
            content = file.read()
        return parse_keys(json.loads(content)["server_key"], content)
    except FileNotFoundError:
        raise KeysError(
            f"{path} does not exist: linkxg serve creates it at the first start. If it is lost, run linkxg keys replace"
        ) from None
    except UnsafeFile as error:
        raise KeysError(str(error)) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeysError(f"{path} cannot be read: {type(error).__name__}") from None


def server_key_of(keys: KeyFile) -> bytes:
    return base64.b64decode(keys.server_key)


def find_server_key(data_dir: Path) -> bytes | None:
    """The server key of the file; None if there is none, or it cannot be used."""
    try:
        return server_key_of(read_keys(data_dir))
    except KeysError:
        return None


def parse_keys(server_key: str, content: bytes) -> KeyFile:
    """The inverse of `dump_keys`, with this server key."""
    found = json.loads(content)
    return KeyFile(server_key, tuple(KeyRecord(**record) for record in found["keys"]), found.get("version", 1))


def dump_keys(keys: KeyFile) -> bytes:
    """The file's content without the server key."""
    return json.dumps({name: value for name, value in asdict(keys).items() if name != "server_key"}).encode()


def active_key(found: KeyFile, now: int) -> KeyRecord:
    """The newest key that is active at `now`. Raises KeysError if there is none."""
    active = [record for record in found.keys if record.active_from <= now]
    if not active:
        raise KeysError("no signing key is active yet; is the clock right?")
    return max(active, key=lambda record: (record.active_from, record.created_at))


class KeyRing:
    """The key file in memory, reloaded on a change in the feed or for a token of an unknown key."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._loaded: dict[str, SigningKey] = {}
        self._distrusted: str | None = None
        self._retired: dict[str, SigningKey] = {}
        self.reload()

    def reload(self) -> None:
        """Read the file again; keys that are already loaded are kept."""
        # Imported here: `linkxg keys list` needs no cryptography.
        from linkxg.crypto.jwt import SigningKey

        self._stamp = self._stat()
        self._file = read_keys(self._data_dir)
        gone = self._loaded.keys() - {record.kid for record in self._file.keys}
        for kid in gone:
            self._retired[self._loaded[kid].header.decode()] = self._loaded[kid]
        while len(self._retired) > MAX_RETIRED:
            del self._retired[next(iter(self._retired))]
        try:
            self._loaded = {
                record.kid: self._loaded.get(record.kid) or SigningKey(record.kid, record.alg, record.jwk)
                for record in self._file.keys
            }
        except (ValueError, KeyError, TypeError) as error:
            raise KeysError(f"{self._data_dir / FILE}: {error}") from None
        self._by_header = {key.header.decode(): key for key in self._loaded.values()}
        self._check_at = 0

    def distrust(self, reason: str) -> None:
        """It is unknown which keys are live: do not sign or verify until `trust` is called."""
        self._distrusted = reason
        self._check_at = 0

    def trust(self) -> None:
        """The file is current again."""
        self._distrusted = None

    def _require_trust(self) -> None:
        if self._distrusted is not None:
            raise TemporarilyUnavailable(self._distrusted)

    @property
    def version(self) -> int:
        return self._file.version

    @property
    def server_key(self) -> bytes:
        return server_key_of(self._file)

    def signing(self) -> "SigningKey":
        """The key that signs now."""
        now = now_s()
        if now >= self._check_at:
            self._require_trust()
            try:
                self._signing = self._loaded[active_key(self._file, now).kid]
            except KeysError as error:
                # The only key was just created by a node whose clock is ahead.
                raise TemporarilyUnavailable(str(error)) from error
            starts = [record.active_from for record in self._file.keys if record.active_from > now]
            self._check_at = min(starts, default=now + 3_600)
        return self._signing

    def find(self, header: str) -> "SigningKey | None":
        """The live key with exactly this encoded header."""
        self._require_trust()
        key = self._by_header.get(header)
        if key is None and self._stat() != self._stamp:
            self.reload()
            key = self._by_header.get(header)
        if key is None:
            return None
        record = next(record for record in self._file.keys if record.kid == key.kid)
        return key if record.retire_at is None or record.retire_at > now_s() else None

    def find_retired(self, header: str) -> "SigningKey | None":
        """A key retired during the life of this process, only to record whose token was rejected."""
        return self._retired.get(header)

    def public(self) -> list[dict[str, Any]]:
        """The members of the JWK set: every live or future asymmetric key."""
        now = now_s()
        live = (record for record in self._file.keys if record.retire_at is None or record.retire_at > now)
        return [jwk for record in live if (jwk := self._loaded[record.kid].public_jwk()) is not None]

    def live(self) -> list[tuple[str, str]]:
        """Id and algorithm of every key whose tokens are accepted, now or later."""
        now = now_s()
        return [(one.kid, one.alg) for one in self._file.keys if one.retire_at is None or one.retire_at > now]

    def _stat(self) -> tuple[int, int]:
        status = (self._data_dir / FILE).lstat()
        return status.st_mtime_ns, status.st_ino


def _new(algorithm: str, active_from: int) -> KeyRecord:
    from linkxg.crypto.jwt import generate_key

    kid = secrets.token_hex(8)
    return KeyRecord(kid, algorithm, generate_key(algorithm), now_s(), active_from)


def write_keys(data_dir: Path, content: KeyFile) -> None:
    """Replace the file atomically; it is never readable by other users."""
    temporary = data_dir / f".{FILE}.{secrets.token_hex(8)}"
    descriptor = create_private(temporary)
    try:
        with os.fdopen(descriptor, "w") as stream:
            json.dump(asdict(content), stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(data_dir / FILE)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(data_dir)


@contextmanager
def lock_key_file(data_dir: Path) -> Iterator[None]:
    """Hold the lock against other processes that change the file."""
    descriptor = open_private(data_dir / ".keys.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
