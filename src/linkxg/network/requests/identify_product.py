"""Identifies the product of the asked account that a request is about."""

from sqlalchemy import Connection

from linkxg.catalog.identifiers.digital_link import read_digital_link
from linkxg.catalog.products.store import find_id_by_gtin, find_record
from linkxg.db import Database
from linkxg.network.requests import store


async def find_requested_product(database: Database, account_id: str, request_id: str) -> str | None:
    """The id of the account's product; None if a request to the account names none of its products."""

    def unit(conn: Connection) -> str | None:
        row = store.view_request(conn, account_id, request_id)
        if row is None or row.account_id != account_id:
            return None
        product_id = identify_product(conn, account_id, row.subject)
        return product_id if product_id and find_record(conn, account_id, product_id) else None

    return await database.read(unit)


def identify_product(conn: Connection, account_id: str, subject: str) -> str | None:
    """Inside a unit of work. An id is not looked up: the account may have no such product."""
    kind, _, value = subject.partition(":")
    if kind == "productId":
        return value
    if kind == "item":
        item = read_digital_link(value)
        if item.key.ai != "01":
            return None
        value = item.value
    return find_id_by_gtin(conn, account_id, value)
