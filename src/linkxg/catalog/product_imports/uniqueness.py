"""Uniqueness of SKUs and GTINs among rows that are not written, where no index shows duplicates.

For dry runs, and for the first pass of a job that writes all rows or none.
"""

from sqlalchemy import Connection

from linkxg.catalog.product_imports.plan_rows import Plan
from linkxg.catalog.products.bulk.model import KeyHolder, PlannedWrite
from linkxg.catalog.products.bulk.store import find_holders
from linkxg.jobs.model import RowFault

_SKU = RowFault("sku", "duplicate_sku", "Another product, or another row of the file, has this SKU.")
_GTIN = RowFault("gtin", "duplicate_gtin", "Another product, or another row of the file, has this GTIN.")


class UniqueKeys:
    """The hashes of the SKUs and GTINs so far."""

    def __init__(self) -> None:
        self._skus: set[int] = set()
        self._gtins: set[int] = set()

    def check(self, conn: Connection, account_id: str, plans: list[Plan]) -> None:
        """Replace the plans of duplicates with their errors."""
        heads = [plan.head for plan in plans if isinstance(plan, PlannedWrite)]
        gtins = [head.gtin14 for head in heads if head.gtin14]
        by_sku, by_gtin = find_holders(conn, account_id, skus=[head.sku for head in heads], gtins=gtins)
        for index, plan in enumerate(plans):
            if not isinstance(plan, PlannedWrite):
                continue
            head = plan.head
            sku, gtin = hash(head.sku), hash(head.gtin14)
            if _is_other(by_sku.get(head.sku), head.id) or sku in self._skus:
                plans[index] = (_SKU._replace(value=head.sku),)
            elif head.gtin14 and (_is_other(by_gtin.get(head.gtin14), head.id) or gtin in self._gtins):
                plans[index] = (_GTIN._replace(value=head.gtin or ""),)
            else:
                self._skus.add(sku)
                if head.gtin14:
                    self._gtins.add(gtin)


def _is_other(holder: KeyHolder | None, product_id: str) -> bool:
    return holder is not None and holder.id != product_id
