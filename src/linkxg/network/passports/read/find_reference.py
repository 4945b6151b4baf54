"""Finds the passport that a publication has issued or updated, for the answer to it."""

from linkxg.catalog.products.model import PassportReference
from linkxg.catalog.products.routes import FindPassport
from linkxg.db import Database
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.read import store


def reference_finder(database: Database, addresses: Addresses) -> FindPassport:
    """Makes the function that finds a reference; it returns None for a version that has no passport."""

    async def find(account_id: str, product_id: str, version: int) -> PassportReference | None:
        found = await database.read_single(store.find_passport_of_version, account_id, product_id, version)
        return None if found is None else PassportReference(found[0], addresses.passport(found[0]), found[1])

    return find
