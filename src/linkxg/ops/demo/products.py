"""Creates the products of the demo, those of the brand in every stage of their life.

The catalogues are `products.ndjson` (the brand's bolts, batteries and lamps), `garments.ndjson` (what it sews),
`fabrics.ndjson` and `yarns.ndjson`. GTINs and GLNs begin with 952, which GS1 reserves for examples; categories are
codes of the UN CPC and, of textiles, of the HS; materials have CAS numbers. Most products are published, some in
several versions, some are incomplete drafts; one version is withdrawn and one product archived.
"""

from collections.abc import Sequence
from importlib.resources import files
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
from linkxg.catalog.products.versions.model import PublishProduct, WithdrawVersion
from linkxg.catalog.products.withdraw_version import withdraw_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import PublicError
from linkxg.ops.demo.companies import BRAND
from linkxg.publish_hooks import PUBLISH_HOOKS, STATE_HOOKS

_REVISED = ("BAT-", "HB-A2-M8")
_DRAFTS = ("IL-800", "UL-450")
_REDRAFTED = "WL-"
_WITHDRAWN = "BAT-18V-5-NMC"
_ARCHIVED = "PL-100-C"
GARMENTS = "garments.ndjson"
"""What the brand sews of the weaver's fabrics."""
_BATCH = 40
"""Products that a transaction publishes, within its time limit on a slow PostgreSQL server."""


def demo_products(catalogue: str = BRAND.catalogue) -> list[CreateProduct]:
    return msgspec.json.Decoder(CreateProduct).decode_lines(files(__package__).joinpath(catalogue).read_bytes())


async def create_demo_products(database: Database, actor: Actor, account_id: str) -> dict[str, str]:
    """Create the brand's catalogue and its history; returns ids by SKU."""
    rows = [_row_input(product) for product in demo_products()]
    ids = await database.write(_upsert, actor, account_id, rows)
    complete = [id for sku, id in ids.items() if not sku.startswith(_DRAFTS)]
    await _publish_all(database, actor, account_id, complete, "First edition")
    revised = [row._replace(content=_revision(row)) for row in rows if str(row.sku).startswith(_REVISED)]
    ids_revised = await database.write(_upsert, actor, account_id, revised)
    await _publish_all(database, actor, account_id, list(ids_revised.values()), "Recycled shares remeasured")
    reason = WithdrawVersion("The share of recycled copper was overstated.")
    await withdraw_version(database, actor, account_id, ids[_WITHDRAWN], 1, reason, lambda seen, row: True, STATE_HOOKS)
    await remove_product(database, actor, account_id, ids[_ARCHIVED], lambda seen: True, STATE_HOOKS)
    redrafted = [_redraft(row) for row in rows if str(row.sku).startswith(_REDRAFTED)]
    await database.write(_upsert, actor, account_id, redrafted)
    return ids


async def create_textiles(database: Database, actor: Actor, account_id: str, catalogue: str) -> dict[str, str]:
    """Create and publish a catalogue; returns ids by SKU."""
    rows = [_row_input(product) for product in demo_products(catalogue)]
    ids = await database.write(_upsert, actor, account_id, rows)
    await _publish_all(database, actor, account_id, list(ids.values()), "First edition")
    return ids


async def revise_fabric(database: Database, actor: Actor, account_id: str, sku: str) -> None:
    """Publish another version of a fabric, which those who see it are informed of."""
    row = RowInput(sku, UNSET, {"description": "Cotton denim, indigo dyed warp, preshrunk."})
    ids = await database.write(_upsert, actor, account_id, [row])
    await _publish_all(database, actor, account_id, list(ids.values()), "Preshrunk from now on")


def _row_input(product: CreateProduct) -> RowInput:
    content = msgspec.to_builtins(product.content)
    if product.sku.startswith(_DRAFTS):
        del content["facility"], content["countryOfProduction"]
        for material in content["materials"]:
            del material["originCountry"]
    return RowInput(product.sku, read_gtin(product.gtin or ""), content)


def _revision(row: RowInput) -> dict[str, Any]:
    """The materials with lower recycled shares."""
    materials = [dict(material) for material in row.content["materials"]]
    for material in materials:
        if material.get("recycledMassFraction"):
            material["recycledMassFraction"] = round(material["recycledMassFraction"] * 0.9, 3)
    return {"materials": materials}


def _redraft(row: RowInput) -> RowInput:
    return RowInput(
        row.sku, UNSET, {"description": f"{row.content['description']} With a battery that can be replaced."}
    )


def _upsert(conn: Connection, actor: Actor, account_id: str, rows: Sequence[RowInput]) -> dict[str, str]:
    """Create or update the rows; returns ids by SKU."""
    skus = [str(row.sku) for row in rows]
    stored: dict[str, StoredProduct] = {one.head.sku: one for one in find_stored(conn, account_id, skus=skus)}
    plans = [plan_row(row, stored.get(str(row.sku)), now_ms()) for row in rows]
    planned = [plan for plan in plans if isinstance(plan, PlannedWrite)]
    assert len(planned) == len(rows), [plan for plan in plans if isinstance(plan, list)]
    write_planned(conn, account_id, actor.id or "", planned)
    return {plan.head.sku: plan.head.id for plan in planned}


async def _publish_all(database: Database, actor: Actor, account_id: str, ids: Sequence[str], note: str) -> None:
    for first in range(0, len(ids), _BATCH):
        await database.write(_publish, actor, account_id, ids[first : first + _BATCH], note)


def _publish(conn: Connection, actor: Actor, account_id: str, ids: Sequence[str], note: str) -> None:
    for product_id in ids:
        outcome = publish(conn, actor, account_id, product_id, PublishProduct(note), lambda seen: True, PUBLISH_HOOKS)
        assert not isinstance(outcome, PublicError), outcome.details
