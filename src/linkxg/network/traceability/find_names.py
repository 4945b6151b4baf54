"""Finds what people call the items and parties of events: own products by their GTIN, and companies by their GLN."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.network.traceability.describe_store import ProductName, list_product_names
from linkxg.network.traceability.party_store import list_connections

ACTIVE = "ACTIVE"


class ItemNames(NamedTuple):
    """Own products by GTIN of 14 digits, and the names of connected companies by GLN."""

    products: dict[str, ProductName]
    companies: dict[str, str]


async def find_names(database: Database, account_id: str, gtins: Iterable[str]) -> ItemNames:
    """What several partners declare as their GLN names nobody."""

    def unit(conn: Connection) -> ItemNames:
        wanted = sorted(set(gtins))
        products = list_product_names(conn, account_id, wanted) if wanted else {}
        companies: dict[str, str] = {}
        contested: set[str] = set()
        for one in list_connections(conn, account_id):
            if one.gln and one.status == ACTIVE:
                if companies.get(one.gln, one.name) != one.name:
                    contested.add(one.gln)
                companies[one.gln] = one.name
        return ItemNames(products, {gln: name for gln, name in companies.items() if gln not in contested})

    return await database.read(unit)
