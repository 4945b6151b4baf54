"""The SQL of the lots and serials of a product that own events are about."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from linkxg.network.epcis.documents.model import Level
from linkxg.network.epcis.events.store import items

_i = items.c


class KnownItem(NamedTuple):
    uri: str
    lot: str | None
    serial: str | None


def list_of_gtin(conn: Connection, account_id: str, gtin14: str, limit: int) -> list[KnownItem]:
    """In the order of their lots and serials."""
    query = select(_i.uri, _i.lot, _i.serial).where(_i.account_id == account_id, _i.gtin14 == gtin14)
    query = query.where(_i.level != int(Level.CLASS)).order_by(_i.lot, _i.serial).limit(limit)
    return [KnownItem(*row) for row in conn.execute(query)]
