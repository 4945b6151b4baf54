"""Finds what people call the items and parties of events: own products by their GTIN, and companies by their GLN."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.network.traceability.describe_store import ProductName, list_product_names
from linkxg.network.traceability.party_store import list_connections
from linkxg.network.traceability.tombstones import connections_by_gln

ACTIVE = "ACTIVE"


class ItemNames(NamedTuple):
    """Own products by GTIN of 14 digits, and the names of connected companies by GLN."""

    products: dict[str, ProductName]
    companies: dict[str, str]


async def find_names(database: Database, account_id: str, gtins: Iterable[str]) -> ItemNames:
    """A GLN of several partners names nobody."""

    def unit(conn: Connection) -> ItemNames:
        wanted = sorted(set(gtins))
        products = list_product_names(conn, account_id, wanted) if wanted else {}
        partners = connections_by_gln(list_connections(conn, account_id)).known
        return ItemNames(products, {gln: one.name for gln, one in partners.items() if one.status == ACTIVE})

    return await database.read(unit)
