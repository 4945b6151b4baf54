"""Finds the history of a passport: its versions, and the fields of the reader that each of them changed."""

from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import Connection

from linkxg.catalog.products.content import MEMBERS
from linkxg.network.passports.documents.build_document import DETAIL_DATES, build_document
from linkxg.network.passports.documents.model import PUBLIC, Redacted, Roles, StoredPassport
from linkxg.network.passports.documents.page_details import HistoryEntry
from linkxg.network.passports.documents.redaction import redact
from linkxg.network.passports.read.store import Edition, find_stored_passport, list_contents_until

MAX_ENTRIES = 8
_ATTRIBUTES = "attributes"
_ORDER = {name: number for number, name in enumerate((*MEMBERS, *DETAIL_DATES))}
"""Of the members of a content, as they are declared."""


def first_entry(redacted: Redacted) -> tuple[HistoryEntry, ...]:
    """The history of a first version."""
    return (HistoryEntry(redacted.version.version, redacted.version.issued_at, (), None),)


def find_history(conn: Connection, redacted: Redacted) -> tuple[HistoryEntry, ...]:
    """The entries up to the version that is read, newest first. Each version is redacted for its reader before it is
    compared.
    """
    passport, version = redacted.passport, redacted.version
    stored = list_contents_until(conn, passport.account_id, passport.id, version.version, limit=MAX_ENTRIES + 1)
    newest = stored[0] if redacted.is_latest else find_stored_passport(conn, passport.id, Edition())
    versions = [redact(build_document(one, newest), _roles_for(one, redacted)) for one in stored]
    found = [_entry(newer, older) for newer, older in pairwise(versions)]
    if len(versions) <= MAX_ENTRIES:
        found += first_entry(versions[-1])
    return tuple(found)


def _roles_for(stored: StoredPassport, redacted: Redacted) -> Roles:
    """A reader's roles are those of a product, which was another one before a GTIN moved."""
    if stored.version.version == redacted.version.version or "owner" in redacted.roles:
        return redacted.roles
    return redacted.earlier_roles if stored.version.product_id == redacted.version.product_id else PUBLIC


def _entry(newer: Redacted, older: Redacted) -> HistoryEntry:
    version, life_status = newer.version, newer.version.life_status
    return HistoryEntry(
        version.version,
        version.issued_at,
        tuple(_changed(older, newer)),
        life_status if life_status != older.version.life_status else None,
    )


def _changed(older: Redacted, newer: Redacted) -> Iterator[str]:
    """Fields, and attributes as `attributes.NAME`; what is withheld in either version is none of them."""
    withheld = {*older.withheld, *newer.withheld}
    for name in sorted({*newer.fields, *older.fields}, key=_ORDER.__getitem__):
        before, after = older.fields.get(name), newer.fields.get(name)
        if before == after or name in withheld:
            continue
        if name != _ATTRIBUTES:
            yield name
            continue
        before, after = before or {}, after or {}
        for inner in dict.fromkeys((*after, *before)):
            path = f"{_ATTRIBUTES}.{inner}"
            if before.get(inner) != after.get(inner) and path not in withheld:
                yield path
