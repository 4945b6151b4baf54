"""The SQL of the nodes' shared keys: one row, sealed with the server key in each node's file."""

from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, LargeBinary, Table, select

from linkxg.db import invalidation_feed
from linkxg.db.insert_once import insert_once
from linkxg.db.invalidation_feed import KEYS
from linkxg.db.schema import Sequence, metadata

_ONLY = 1
sealed_keys = Table(
    "sealed_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Sequence, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)


class SealedKeys(NamedTuple):
    """A sealed key file; each change increments `version`."""

    version: int
    sealed: bytes


def find_sealed_keys(conn: Connection) -> SealedKeys | None:
    row = conn.execute(select(sealed_keys.c.version, sealed_keys.c.sealed).where(sealed_keys.c.id == _ONLY)).first()
    return None if row is None else SealedKeys(row.version, row.sealed)


def insert_sealed_keys(conn: Connection, keys: SealedKeys) -> None:
    """Does nothing if there are keys."""
    insert_once(conn, sealed_keys, {"id": _ONLY, **keys._asdict()})


def replace_sealed_keys(conn: Connection, keys: SealedKeys) -> None:
    """Replace the keys, whatever they are sealed with."""
    conn.execute(sealed_keys.delete())
    insert_sealed_keys(conn, keys)


def update_sealed_keys(conn: Connection, keys: SealedKeys, seen: int) -> bool:
    """Replace version `seen` and announce it; false if it is no longer the current version."""
    statement = sealed_keys.update().where(sealed_keys.c.id == _ONLY, sealed_keys.c.version == seen)
    if conn.execute(statement.values(**keys._asdict())).rowcount != 1:
        return False
    invalidation_feed.append(conn, None, KEYS, "", keys.version)
    return True
