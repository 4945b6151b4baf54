"""Finds what people call the items, parties and places of events: products by GTIN, companies by GLN, places by URI."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.network.traceability.describe_store import ProductName, list_product_names
from linkxg.network.traceability.party_store import list_connections
from linkxg.network.traceability.place_store import list_place_names
from linkxg.network.traceability.tombstones import connections_by_gln

ACTIVE = "ACTIVE"


class ItemNames(NamedTuple):
    """Own products by GTIN of 14 digits, and the names of connected companies by GLN."""

    products: dict[str, ProductName]
    companies: dict[str, str]
    places: dict[str, str]
    """Names that any event of the account gives a place, by URI: it is called the same on every page."""


async def find_names(
    database: Database, account_id: str, gtins: Iterable[str], places: Iterable[str] = ()
) -> ItemNames:
    """A GLN of several partners names nobody."""

    def unit(conn: Connection) -> ItemNames:
        wanted = sorted(set(gtins))
        products = list_product_names(conn, account_id, wanted) if wanted else {}
        partners = connections_by_gln(list_connections(conn, account_id)).known
        companies = {gln: one.name for gln, one in partners.items() if one.status == ACTIVE}
        return ItemNames(products, companies, list_place_names(conn, account_id, sorted(set(places))))

    return await database.read(unit)
