"""The keys by which an account signs its passports: ES256, sealed with the server key.

The first one is made when it is needed. A rotation retires the key that signs; what it has signed stays valid, so every
key stays in the DID document.
"""

import secrets
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339, rfc3339_or_none
from linkxg.crypto.jwt import generate_key, public_members
from linkxg.crypto.seal import seal, unseal
from linkxg.db import Database
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.schema import AnyRow
from linkxg.identity.authorization.write_as import write_as
from linkxg.network.passports.signing import store

ALGORITHM = "ES256"
MAX_KEYS = 100
"""Keys of an account; each stays in its DID document."""
_PURPOSE = "passport key "


class IssuerKey(NamedTuple):
    """A key that signs, with its private part."""

    kid: str
    jwk: dict[str, Any]


class PublicKey(msgspec.Struct, rename="camel"):
    """A key of the account, without its private part; the newest signs."""

    kid: str
    public_key_jwk: dict[str, Any]
    created_at: str
    retired_at: str | None


def new_key() -> IssuerKey:
    return IssuerKey(secrets.token_hex(8), generate_key(ALGORITHM))


def insert_key(conn: Connection, server_key: bytes, account_id: str, key: IssuerKey) -> None:
    """Retire the key that signs, and insert its successor."""
    now = now_ms()
    store.retire_keys(conn, account_id, now)
    store.insert_key(
        conn,
        account_id,
        kid=key.kid,
        public_jwk=msgspec.json.encode(public_members(ALGORITHM, key.jwk)).decode(),
        sealed_key=seal(server_key, _purpose(account_id, key.kid), msgspec.json.encode(key.jwk)),
        created_at=now,
    )


def signing_key(rows: list[AnyRow], server_key: bytes) -> IssuerKey | None:
    """The key that signs; None before the first one, or if the server key has been replaced without the former one."""
    for row in rows:
        if row.retired_at is None:
            opened = unseal(server_key, _purpose(row.account_id, row.kid), row.sealed_key)
            return None if opened is None else IssuerKey(row.kid, msgspec.json.decode(opened))
    return None


async def find_or_make_signing_key(database: Database, server_key: bytes, account_id: str) -> IssuerKey:
    """The key that signs now; the first one is made here, in whichever request needs it."""
    rows = await database.read_single(store.list_keys, account_id)
    if (found := signing_key(rows, server_key)) is not None:
        return found
    made = new_key()

    def unit(conn: Connection) -> IssuerKey:
        lock_until_commit(conn, f"passport keys {account_id}")
        if (other := signing_key(store.list_keys(conn, account_id), server_key)) is not None:
            return other
        insert_key(conn, server_key, account_id, made)
        return made

    return await database.write(unit)


def reseal_keys(conn: Connection, old_key: bytes, new_key: bytes) -> None:
    """Seal the keys of all accounts with a new server key. What the old one cannot open signs no more."""
    for account_id, kid, sealed in store.list_sealed_signing_keys(conn):
        opened = unseal(old_key, _purpose(account_id, kid), sealed)
        if opened is not None:
            store.update_sealed_key(conn, account_id, kid, seal(new_key, _purpose(account_id, kid), opened))


def view_key(row: AnyRow) -> PublicKey:
    return PublicKey(
        row.kid, msgspec.json.decode(row.public_jwk), rfc3339(row.created_at), rfc3339_or_none(row.retired_at)
    )


async def list_public_keys(database: Database, account_id: str) -> list[PublicKey]:
    """Every key of the account, the newest first."""
    return [view_key(row) for row in await database.read_single(store.list_keys, account_id)]


async def rotate_key(database: Database, actor: Actor, server_key: bytes, account_id: str) -> list[PublicKey] | None:
    """The keys after a rotation; None if the account has as many as it may have."""
    made = new_key()

    def unit(conn: Connection) -> list[PublicKey] | None:
        lock_until_commit(conn, f"passport keys {account_id}")
        if len(store.list_keys(conn, account_id)) >= MAX_KEYS:
            return None
        insert_key(conn, server_key, account_id, made)
        audit.record(conn, account_id, actor, "passport_key.rotated", made.kid)
        return [view_key(row) for row in store.list_keys(conn, account_id)]

    return await write_as(database, actor, unit)


def _purpose(account_id: str, kid: str) -> bytes:
    return f"{_PURPOSE}{account_id} {kid}".encode()
