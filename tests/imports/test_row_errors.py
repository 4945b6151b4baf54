"""All errors of a row are reported at once, with column and value."""

from __future__ import annotations

import pytest

from harness.world import World
from imports.files import csv_file, failures, ndjson_file, new_sku, run
from products.test_body_encoding import RAW

COLUMNS = ("sku", "name", "dimensions.netWeight.value", "dimensions.netWeight.unit", "countryOfProduction", "brand")


@pytest.mark.any_engine
def test_all_errors_of_a_row_are_reported(world: World) -> None:
    rows = [
        [new_sku(), "Drill", "heavy", "XYZ", "Germany", ""],
        [new_sku(), "Drill", "-1", "KGM", "Germany", ""],
        [new_sku(), "Dr\x01ill", "1", "XYZ", "DE", ""],
        ["x" * 65, "Drill", "1", "KGM", "Germany", ""],
        [new_sku(), "", "1", "KGM", "Germany", ""],
    ]
    reported: dict[int, dict[str, str]] = {}
    says = {}
    for one in failures(world, run(world, csv_file(COLUMNS, rows))):
        reported.setdefault(one["row"], {})[one["field"]] = one["value"]
        says[one["row"], one["field"]] = one["message"]
    weight, unit, country = COLUMNS[2:5]
    assert reported == {
        1: {weight: "heavy", unit: "XYZ", country: "Germany"},
        2: {weight: "-1", country: "Germany"},
        3: {"name": "Dr\ufffdill", unit: "XYZ"},
        4: {"sku": "x" * 65, country: "Germany"},
        5: {"name": "", country: "Germany"},
    }
    assert says[5, "name"] == "The field name is missing."


@pytest.mark.any_engine
def test_all_errors_of_a_json_row_are_reported(world: World) -> None:
    content = {"name": 5, "brand": 6, "countryOfProduction": "XX", "materials": [{"name": "Steel", "massFraction": 2}]}
    rows = [{"sku": new_sku(), "content": content}, {"sku": new_sku(), "content": {"nmae": "a", "brand": 6}}]
    found = [
        (one["row"], one["field"], one["value"])
        for one in failures(world, run(world, ndjson_file(rows), format="ndjson"))
    ]
    assert set(found) >= {(1, "name", "5"), (1, "brand", "6"), (1, "countryOfProduction", "XX"), (2, "brand", "6")}
    assert (1, "materials[0].massFraction", "2") in found or any(field == "materials" for _, field, _ in found)


@pytest.mark.any_engine
def test_a_row_is_read_as_strictly_as_a_body(world: World) -> None:
    whole_file = {"UTF-16", "raw surrogate", "empty"}
    rows = [raw for name, raw in RAW if name not in whole_file]
    job = run(world, b"\n".join([b'{"sku":"' + new_sku().encode() + b'"}', *rows]), format="ndjson", mode="update")
    found = {one["row"]: one["code"] for one in failures(world, job)}
    assert found.pop(1) == "not_found"
    assert found.keys() == set(range(2, len(rows) + 2))
    assert set(found.values()) == {"not_json", "out_of_range"}
