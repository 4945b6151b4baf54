"""Key management for all nodes: rotation, retirement and replacement.

Every node has a `keys.json` with the same server key, copied once when the node is set up. Later changes are stored in
one database row, sealed with that server key, and announced by the invalidation feed. The row is authoritative, and
each node's file follows it; the database alone reveals no key.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from linkxg.clock import now_s
from linkxg.crypto.seal import seal, unseal
from linkxg.db import Database, idempotency
from linkxg.identity.tokens.key_store import (
    SealedKeys,
    find_sealed_keys,
    insert_sealed_keys,
    replace_sealed_keys,
    update_sealed_keys,
)
from linkxg.identity.tokens.keys import (
    FILE,
    JWKS_CACHE_S,
    KeyFile,
    KeyRecord,
    KeysError,
    active_key,
    dump_keys,
    ensure_keys,
    find_server_key,
    has_keys,
    lock_key_file,
    new_keys,
    parse_keys,
    read_keys,
    server_key_of,
    with_new_key,
    without_key,
    write_keys,
)

SYMMETRIC_DELAY_S = 5
NODES_DELAY_S = 2
"""Time to reach every node: none signs with a key before the others have it."""
_ATTEMPTS = 5
_PURPOSE = b"linkxg keys"


async def prepare_keys(database: Database, data_dir: Path, algorithm: str) -> None:
    """At start: create the keys or synchronise file and row, then rotate to `algorithm` if it has changed.

    Raises KeysError if this node's server key differs from that of the other nodes.
    """
    row = await database.read_single(find_sealed_keys)
    if row is None:
        ensure_keys(data_dir, algorithm)
        await database.write(insert_sealed_keys, seal_keys(read_keys(data_dir)))
        # Another node may have inserted its keys at the same time.
        row = await database.read_single(find_sealed_keys)
    elif not has_keys(data_dir):
        raise KeysError(
            f"there is no {data_dir / FILE}, but this database has keys: copy the file from another node; if no "
            "node has it, run linkxg keys replace"
        )
    assert row is not None
    found = sync_key_file(data_dir, row)
    if found.version > row.version:
        found = await update_keys(database, data_dir, lambda newest: newest)
    if active_key(found, now_s()).alg != algorithm:
        await update_keys(database, data_dir, lambda newest: with_new_key(newest, algorithm, now_s()))


async def rotate_keys(database: Database, data_dir: Path, algorithm: str, *, at_once: bool = False) -> KeyRecord:
    """Add a key that signs after the JWKS cache time, or `at_once`: as soon as every node has it."""
    delay = SYMMETRIC_DELAY_S if algorithm == "HS256" else JWKS_CACHE_S
    if at_once:
        delay = 0 if database.file is not None else NODES_DELAY_S
    changed = await update_keys(database, data_dir, lambda newest: with_new_key(newest, algorithm, now_s() + delay))
    return changed.keys[-1]


async def retire_key(database: Database, data_dir: Path, kid: str, algorithm: str) -> None:
    """Remove a key now, which invalidates its tokens. The last active key gets a successor at once."""
    await update_keys(database, data_dir, lambda newest: without_key(newest, kid, algorithm))


async def replace_keys(
    database: Database, data_dir: Path, algorithm: str, reseal: Callable[[Connection, bytes, bytes], None]
) -> None:
    """Replace all keys while no service runs: everything issued before is invalid.

    `reseal` gets the old and the new server key, in the same transaction, if the old one can still be read.
    """
    await database.run_exclusive(_replace_all, data_dir, new_keys(algorithm), reseal)


async def update_keys(database: Database, data_dir: Path, change: Callable[[KeyFile], KeyFile]) -> KeyFile:
    """Apply `change` to row and file, and announce it to every worker of every node."""
    for _ in range(_ATTEMPTS):
        with lock_key_file(data_dir):
            row = await database.read_single(find_sealed_keys)
            if row is None:
                raise KeysError("the database has no keys yet: linkxg serve stores them")
            changed = change(_newest(read_keys(data_dir), row))
            if await database.write(_replace, data_dir, changed, row.version):
                return changed
    raise KeysError("other nodes are changing the keys: try again")


def sync_key_file(data_dir: Path, row: SealedKeys) -> KeyFile:
    """Update this node's file from the row; returns its content."""
    with lock_key_file(data_dir):
        found = read_keys(data_dir)
        newest = _newest(found, row)
        if newest != found:
            write_keys(data_dir, newest)
        return newest


def is_sealed_with(found: KeyFile, row: SealedKeys) -> bool:
    """Whether the row is sealed with the server key of this file."""
    return _content(found, row) is not None


def seal_keys(keys: KeyFile) -> SealedKeys:
    """The keys without the server key, sealed with it."""
    return SealedKeys(keys.version, seal(server_key_of(keys), _PURPOSE, dump_keys(keys)))


def _replace_all(
    conn: Connection, data_dir: Path, keys: KeyFile, reseal: Callable[[Connection, bytes, bytes], None]
) -> None:
    old_key = find_server_key(data_dir)
    if old_key is not None:
        reseal(conn, old_key, server_key_of(keys))
    replace_sealed_keys(conn, seal_keys(keys))
    # Replays would return other secrets than the first answers: they are derived from the server key.
    idempotency.delete_records(conn)
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lock_key_file(data_dir):
        write_keys(data_dir, keys)


def _replace(conn: Connection, data_dir: Path, changed: KeyFile, seen: int) -> bool:
    if not update_sealed_keys(conn, seal_keys(changed), seen):
        return False
    # Before the commit, so that workers of this machine find the file when the change is announced. If the commit
    # fails, the file is ahead of the row, and the next start publishes it.
    write_keys(data_dir, changed)
    return True


def _newest(found: KeyFile, row: SealedKeys) -> KeyFile:
    """The file if it is ahead of the row (the commit failed after it was written), else the row."""
    content = _content(found, row)
    if content is None:
        raise KeysError("keys.json does not match the keys in the database: copy the file from another node")
    return found if found.version > row.version else parse_keys(found.server_key, content)


def _content(found: KeyFile, row: SealedKeys) -> bytes | None:
    return unseal(server_key_of(found), _PURPOSE, row.sealed)
