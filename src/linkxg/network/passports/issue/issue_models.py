"""Issues the passport of each model that is published, or a further version of it.

A passport belongs to the product that has its GTIN. If a product is published under another GTIN, that one has a
passport of its own, to which the earlier one refers: printed links stay valid.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from linkxg.catalog.products.publication import Publication
from linkxg.ids import uuid7s
from linkxg.network.passports.issue import store


def issue_models(conn: Connection, publications: Sequence[Publication]) -> None:
    """A publish hook: a few statements for any number of publications. A product without a GTIN gets no passport,
    and neither does one that is published without.

    The audit chain of the account is locked before hooks are called, so no other transaction issues the same passport.
    """
    account_id = publications[0].account_id
    identified = [one for one in publications if one.product.gtin14 and one.issues_passport]
    if not identified:
        return
    ids = _new_ids(identified)
    inserted = store.insert_passports(
        conn,
        account_id,
        ("id", "product_id", "gtin14", "created_at"),
        [
            (id, product.id, product.gtin14, product.updated_at)
            for id, (_, product, *_) in zip(ids, identified, strict=True)
        ],
    )
    # Most of a large import is new, of which nothing need be looked up.
    numbers = [1] * len(ids)
    if inserted < len(ids):
        _continue_stored(conn, account_id, identified, ids, numbers)
    store.insert_versions(
        conn,
        account_id,
        ("passport_id", "version", "product_id", "product_version", "issued_at"),
        [
            (id, number, product.id, version, product.updated_at)
            for id, number, (_, product, version, *_) in zip(ids, numbers, identified, strict=True)
        ],
    )
    _refer_to_successors(conn, account_id, identified, ids)


def _new_ids(identified: Sequence[Publication]) -> list[str]:
    """The first model of a product has the product's id: it needs no index to be found by it."""
    drawn = iter(uuid7s(sum(one.version > 1 for one in identified)))
    return [one.product.id if one.version == 1 else next(drawn) for one in identified]


def _continue_stored(
    conn: Connection, account_id: str, identified: Sequence[Publication], ids: list[str], numbers: list[int]
) -> None:
    """Put the ids of the passports that are there already, and their next numbers, in the place of new ones."""
    products = [one.product for one in identified]
    stored = store.list_models(conn, account_id, [product.gtin14 or "" for product in products])
    updated = []
    for index, product in enumerate(products):
        record = stored[product.gtin14 or ""]
        if record.id != ids[index]:
            ids[index], numbers[index] = record.id, record.version + 1
            updated.append((product.id, record.version + 1, None, record.id))
    store.update_passports(conn, account_id, ("product_id", "version", "successor_id"), updated)


def _refer_to_successors(
    conn: Connection, account_id: str, identified: Sequence[Publication], ids: Sequence[str]
) -> None:
    """A product that is published for the first time had no other GTIN."""
    present = {
        one.product.id: (one.product.gtin14, id) for one, id in zip(identified, ids, strict=True) if one.version > 1
    }
    if not present:
        return
    former = [
        (present[record.product_id][1], record.id)
        for record in store.list_models_of(conn, account_id, list(present))
        if record.gtin14 != present[record.product_id][0]
    ]
    store.update_passports(conn, account_id, ("successor_id",), former)
