"""The SQL of resolving: which passports a link may lead to."""

from sqlalchemy import ColumnElement, Connection, exists, func, literal_column, select

from linkxg.identity.accounts.store import accounts
from linkxg.network.passports.issue.store import passports

_p = passports.c
_EMPTY: ColumnElement[str] = literal_column("''")
"""As the indexes have it: a parameter would not use them."""


def list_candidates(
    conn: Connection, account_id: str, gtin14: str, lot: str, serial: str
) -> dict[tuple[str, str], str]:
    """The ids of the passports of the item, the batch and the model, by lot and serial."""
    query = select(_p.lot, _p.serial, _p.id).where(_p.account_id == account_id, _p.gtin14 == gtin14)
    # Each column by itself: SQLite would look for pairs among all items of the GTIN.
    query = query.where(_p.lot.in_({"", lot}), _p.serial.in_({"", serial}))
    return {(row[0], row[1]): row[2] for row in conn.execute(query)}


def find_only_item(conn: Connection, account_id: str, gtin14: str, serial: str) -> str | None:
    """The id of the passport of the item with this serial, whatever its lot; None if several lots have one."""
    query = select(_p.id).where(_p.account_id == account_id, _p.gtin14 == gtin14, _p.serial == serial)
    found = conn.execute(query.where(_p.serial != _EMPTY).limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None


def find_issuer(conn: Connection, account_id: str, gln: str) -> tuple[str, str] | None:
    """(name, slug) of the account if it has this GLN and passports, which name both to everybody."""
    query = select(accounts.c.name, accounts.c.slug).where(accounts.c.id == account_id, accounts.c.gln == gln)
    row = conn.execute(query.where(exists().where(_p.account_id == account_id))).first()
    return None if row is None else (row.name, row.slug)


def has_passports(conn: Connection, account_id: str) -> bool:
    return bool(conn.execute(select(exists().where(_p.account_id == account_id))).scalar_one())


def list_publishers(conn: Connection, gtin14: str, *, offset: int, limit: int) -> tuple[list[str], int]:
    """A page of the accounts that have the passport of a model with this GTIN, and how many there are.

    The earliest passport comes first: who registers later displaces nobody, and no page changes by that.
    """
    of_models = (_p.gtin14 == gtin14, _p.lot == _EMPTY, _p.serial == _EMPTY)
    query = select(_p.account_id, func.count().over()).where(*of_models)
    found = conn.execute(query.order_by(_p.created_at, _p.id).offset(offset).limit(limit)).all()
    return [row[0] for row in found], found[0][1] if found else 0
