"""Keeps what signatures of passports depend on through a restore: keys, places in status lists, and revocations.

A signature that was made after the backup is verified by its key, and its place must not become that of another one.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.network.passports.issue import store as passport_store
from linkxg.network.passports.signing import store as signing_store


class SignedPassports(NamedTuple):
    """The keys and the status entries of an account, by column, and when its passports were withdrawn."""

    keys: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    withdrawn: dict[str, tuple[int, str | None]]


NOTHING_SIGNED = SignedPassports([], [], {})


def read_signed_passports(conn: Connection, account_id: str) -> SignedPassports:
    return SignedPassports(
        [row._asdict() for row in signing_store.list_keys(conn, account_id)],
        [row._asdict() for row in signing_store.list_entries(conn, account_id)],
        passport_store.list_withdrawn(conn, account_id),
    )


def reapply_signed_passports(conn: Connection, account_id: str, old: SignedPassports, now: int) -> None:
    """Add to the loaded rows what the replaced database had. What is missing of the backup is lost, and revoked."""
    loaded = {row.kid for row in signing_store.list_keys(conn, account_id)}
    for key in old.keys:
        if key["kid"] not in loaded:
            values = {name: value for name, value in key.items() if name != "account_id"}
            signing_store.insert_key(conn, account_id, **values | {"retired_at": key["retired_at"] or now})
    for passport_id, (at, reason) in old.withdrawn.items():
        passport_store.withdraw_passport(conn, account_id, passport_id, at, reason)
    versions = passport_store.list_version_keys(conn, account_id)
    entries = [
        entry if (entry["passport_id"], entry["version"]) in versions else {**entry, "revoked_at": now}
        for entry in old.entries
    ]
    signing_store.merge_entries(conn, account_id, entries)
