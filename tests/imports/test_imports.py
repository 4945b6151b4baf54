"""What a file does, from sending it to the products."""

from __future__ import annotations

from harness.world import World
from imports.files import (
    by_sku,
    counts,
    csv_file,
    new_gtin,
    new_sku,
    run,
)

COLUMNS = ("sku", "gtin", "name", "brand", "category.code", "dimensions.netWeight.value", "dimensions.netWeight.unit",
           "materials", "attributes.voltage")  # fmt: skip


def row(sku: str, name: str = "Hex bolt", **cells: str) -> list[str]:
    given = {"sku": sku, "name": name} | cells
    return [given.get(column, "") for column in COLUMNS]


def full_row(sku: str) -> list[str]:
    return [sku, new_gtin(), "Drill", "Acme", "10003743", "1.4", "KGM", '[{"name": "Steel"}]', "18"]


def test_a_csv_file_becomes_products(world: World) -> None:
    first, second = new_sku(), new_sku()
    given = full_row(first)
    job = run(world, csv_file(COLUMNS, [given, row(second)]))
    assert (job["status"], counts(job)) == ("COMPLETED", (2, 0, 0, 0))
    made = by_sku(world, first)
    assert made is not None
    assert made["gtin"] == given[1].rjust(14, "0")
    assert made["content"] == {
        "name": "Drill",
        "brand": "Acme",
        "category": {"code": "10003743"},
        "dimensions": {"netWeight": {"value": 1.4, "unit": "KGM"}},
        "materials": [{"name": "Steel"}],
        "attributes": {"voltage": 18},
    }
    assert by_sku(world, second) is not None


def test_the_same_file_again_changes_nothing(world: World) -> None:
    sku = new_sku()
    content = csv_file(COLUMNS, [full_row(sku)])
    run(world, content)
    before = by_sku(world, sku)
    job = run(world, content)
    assert (job["status"], counts(job)) == ("COMPLETED", (0, 0, 1, 0))
    assert by_sku(world, sku) == before
