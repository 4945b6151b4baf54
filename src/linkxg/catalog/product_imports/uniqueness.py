"""Uniqueness of SKUs and GTINs among rows that have not been written.

For a dry run and for the first pass of a job that writes all or nothing: there the database cannot tell.
"""

from sqlalchemy import Connection

from linkxg.catalog.product_imports.plan_rows import Plan
from linkxg.catalog.products.bulk.model import KeyHolder, PlannedWrite
from linkxg.catalog.products.bulk.store import find_holders
from linkxg.jobs.model import RowFault

_SKU = RowFault("sku", "duplicate_sku", "Another product, or another row of the file, has this SKU.")
_GTIN = RowFault("gtin", "duplicate_gtin", "Another product, or another row of the file, has this GTIN.")


class UniqueKeys:
    """Digests of what is taken: half a million must fit."""

    def __init__(self) -> None:
        self._skus: set[int] = set()
        self._gtins: set[int] = set()

    def judge(self, conn: Connection, account_id: str, plans: list[Plan]) -> None:
        """What could not be written becomes faults, in place."""
        heads = [one.head for one in plans if isinstance(one, PlannedWrite)]
        gtins = [head.gtin14 for head in heads if head.gtin14]
        by_sku, by_gtin = find_holders(conn, account_id, skus=[head.sku for head in heads], gtins=gtins)
        for place, one in enumerate(plans):
            if not isinstance(one, PlannedWrite):
                continue
            head = one.head
            sku, gtin = hash(head.sku), hash(head.gtin14)
            if _is_others(by_sku.get(head.sku), head.id) or sku in self._skus:
                plans[place] = (_SKU,)
            elif head.gtin14 and (_is_others(by_gtin.get(head.gtin14), head.id) or gtin in self._gtins):
                plans[place] = (_GTIN,)
            else:
                self._skus.add(sku)
                if head.gtin14:
                    self._gtins.add(gtin)


def _is_others(holder: KeyHolder | None, product_id: str) -> bool:
    return holder is not None and holder.id != product_id
