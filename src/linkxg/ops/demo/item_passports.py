"""Issues the passports of the garments that were sewn of one lot of fabric each: their pages show their journeys."""

from linkxg.db import Database
from linkxg.network.passports.issue.issue_units import issue_units
from linkxg.network.passports.issue.model import IssuePassports, UnitPassport
from linkxg.ops.demo.account import DemoAccount
from linkxg.ops.demo.brand_events import serials

_LOTS = {"GAR-JACKET-N": 4, "GAR-TROUSERS-G": 1, "GAR-JEANS-I": 2, "GAR-SHIRT-W": 7}
"""The number of a lot of fabric by the SKU of what is sewn of it."""


async def issue_garments(database: Database, brand: DemoAccount) -> None:
    for sku, number in _LOTS.items():
        requested = IssuePassports([UnitPassport(serial=one) for one in serials(number)])
        await issue_units(database, brand.owner, brand.account_id, brand.products[sku], requested)
