"""Fills an empty database with three connected companies, through the verbs that serve the API."""

from typing import NamedTuple

from linkxg.crypto.passwords import Passwords
from linkxg.identity.tokens.keys import KeyRing
from linkxg.ops.demo.account import DemoAccount, create_demo_account
from linkxg.ops.demo.companies import BRAND, MILL, WEAVER
from linkxg.ops.demo.item_passports import issue_garments
from linkxg.ops.demo.products import GARMENTS, create_demo_products, create_textiles
from linkxg.ops.demo.sharing import DemoNetwork, create_demo_network
from linkxg.ops.demo.traceability import create_demo_events
from linkxg.ops.installation import connected
from linkxg.settings import Settings


class Demo(NamedTuple):
    brand: DemoAccount
    weaver: DemoAccount
    mill: DemoAccount
    network: DemoNetwork


async def create_demo(settings: Settings) -> Demo:
    """Raises Conflict, with nothing changed, where an account exists."""
    passwords = Passwords()
    try:
        async with connected(settings) as database:
            server_key = KeyRing(settings.data_dir).server_key
            brand, weaver, mill = [
                await create_demo_account(database, passwords, server_key, company, additional=company is not BRAND)
                for company in (BRAND, WEAVER, MILL)
            ]
            products = await create_demo_products(database, brand.owner, brand.account_id)
            garments = await create_textiles(database, brand.owner, brand.account_id, GARMENTS)
            brand = brand._replace(products=products | garments)
            weaver, mill = [
                one._replace(products=await create_textiles(database, one.owner, one.account_id, one.company.catalogue))
                for one in (weaver, mill)
            ]
            await create_demo_events(database, brand, weaver, mill)
            await issue_garments(database, brand)
            network = await create_demo_network(database, server_key, settings.public_url, brand, weaver, mill)
    finally:
        passwords.close()
    return Demo(brand, weaver, mill, network)
