"""Creates the products of the demo in every stage of their life.

Bolts, batteries and lamps. Most are published, some have gone through several versions, some are being drafted and
lack what publishing asks for, one has been withdrawn and one is no longer sold.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.catalog.identifiers.gtin import read_gtin
from linkxg.catalog.products.bulk.model import PlannedWrite, RowInput, StoredProduct
from linkxg.catalog.products.bulk.plan_row import plan_row
from linkxg.catalog.products.bulk.store import find_stored, write_planned
from linkxg.catalog.products.model import CreateProduct
from linkxg.catalog.products.publish_product import publish
from linkxg.catalog.products.remove_product import remove_product
from linkxg.catalog.products.versions.model import WithdrawVersion
from linkxg.catalog.products.withdraw_version import withdraw_version
from linkxg.cli.demo_batteries import batteries
from linkxg.cli.demo_fasteners import fasteners
from linkxg.cli.demo_lamps import lamps
from linkxg.cli.demo_makes import gtin
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.publish_hooks import PUBLISH_HOOKS

_REVISED = ("BAT-", "HB-A2-M8")
_DRAFTED = ("IL-800", "UL-450")
_WITHDRAWN = "BAT-18V-5-NMC"
_ARCHIVED = "PL-100-C"


def demo_products() -> list[CreateProduct]:
    """A few hundred products in three categories."""
    every = [*fasteners(), *batteries(), *lamps()]
    return [CreateProduct(sku, content, gtin(number)) for number, (sku, content) in enumerate(every, 1)]


async def make_demo_products(database: Database, actor: Actor, account_id: str) -> int:
    """Make them, with some history; how many there are."""
    every = demo_products()
    rows = [_given(product) for product in every]
    ids = await database.write(_bring, actor, account_id, rows)
    await database.write(_publish, actor, account_id, _of(ids, ("",), besides=_DRAFTED), "First edition")
    revised = [row._replace(content=_revision(row)) for row in rows if str(row.sku).startswith(_REVISED)]
    await database.write(_bring, actor, account_id, revised)
    await database.write(_publish, actor, account_id, _of(ids, _REVISED), "Recycled shares remeasured")
    reason = WithdrawVersion("The share of recycled copper was overstated.")
    await withdraw_version(database, actor, account_id, ids[_WITHDRAWN], 1, reason, lambda seen, row: True)
    await remove_product(database, actor, account_id, ids[_ARCHIVED], lambda seen: True)
    await database.write(_bring, actor, account_id, [_redrafted(row) for row in rows if _is_redrafted(row)])
    return len(every)


def _given(product: CreateProduct) -> RowInput:
    content = msgspec.to_builtins(product.content)
    if product.sku.startswith(_DRAFTED):
        del content["facility"], content["countryOfProduction"]
        for one in content["materials"]:
            del one["originCountry"]
    return RowInput(product.sku, read_gtin(product.gtin or ""), content)


def _revision(row: RowInput) -> dict[str, Any]:
    """The materials with other recycled shares."""
    materials = [dict(one) for one in row.content["materials"]]
    for one in materials:
        if one.get("recycledMassFraction"):
            one["recycledMassFraction"] = round(one["recycledMassFraction"] * 0.9, 3)
    return {"materials": materials}


def _is_redrafted(row: RowInput) -> bool:
    return str(row.sku).startswith("WL-")


def _redrafted(row: RowInput) -> RowInput:
    return RowInput(
        row.sku, UNSET, {"description": f"{row.content['description']} With a battery that can be replaced."}
    )


def _of(ids: dict[str, str], starts: tuple[str, ...], besides: tuple[str, ...] = ("\n",)) -> list[str]:
    return [id for sku, id in ids.items() if sku.startswith(starts) and not sku.startswith(besides)]


def _bring(conn: Connection, actor: Actor, account_id: str, rows: Sequence[RowInput]) -> dict[str, str]:
    """Create or change; the ids by SKU."""
    skus = [str(row.sku) for row in rows]
    stored: dict[str, StoredProduct] = {one.head.sku: one for one in find_stored(conn, account_id, skus=skus)}
    plans = [plan_row(row, stored.get(str(row.sku)), now_ms()) for row in rows]
    planned = [plan for plan in plans if isinstance(plan, PlannedWrite)]
    assert len(planned) == len(rows), [plan for plan in plans if isinstance(plan, list)]
    write_planned(conn, account_id, actor.id or "", planned)
    return {plan.head.sku: plan.head.id for plan in planned}


def _publish(conn: Connection, actor: Actor, account_id: str, ids: Sequence[str], note: str) -> None:
    for product_id in ids:
        outcome = publish(conn, actor, account_id, product_id, note, lambda seen: True, PUBLISH_HOOKS)
        assert not isinstance(outcome, PublicError), outcome.details
