"""Numbers and booleans as spreadsheets write them in locales with a decimal comma."""

from __future__ import annotations

import pytest

from linkxg.catalog.product_imports.csv_dialect import read_dialect
from linkxg.catalog.product_imports.model import Options
from linkxg.catalog.product_imports.plan_rows import RowReader

WEIGHT = "dimensions.netWeight.value"
COLUMNS = ["sku", "name", WEIGHT, "dimensions.netWeight.unit", "attributes.x"]


def read(weight: str, attribute: str, separator: str = ";") -> tuple[dict[str, object], list[tuple[str, str]]]:
    """(weight and attribute as they are read, faults)."""
    dialect = read_dialect((separator.join(COLUMNS) + "\n").encode())
    reader = RowReader(Options(), dialect.names, decimal_comma=dialect.has_decimal_comma)
    [found] = reader.read([["A-1", "Drill", weight, "KGM", attribute]])
    if found.row is None:
        return {}, [(one.field, one.value) for one in found.errors]
    if found.row.flat is not None:
        return {"plain": found.row.flat.content}, []
    content = found.row.content
    return {"x": content["attributes"]["x"], "weight": content["dimensions"]["netWeight"]["value"]}, []


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("cell", ["1.234", "12.345.678", "-1.234", "1.234,5"])
def test_an_ambiguous_thousands_separator_fails_its_row(separator: str, cell: str) -> None:
    assert read(cell, cell, separator) == ({}, [(WEIGHT, cell), ("attributes.x", cell)])


@pytest.mark.parametrize("separator", [";", "\t"])
def test_unambiguous_numbers_are_accepted(separator: str) -> None:
    for cell, number in {"1,4": 1.4, "1,234": 1.234}.items():
        assert read(cell, cell, separator) == ({"x": number, "weight": number}, [])
    for cell in ("1.4", "0.234", "1.2345"):
        assert f'"x":{cell}' in str(read(cell, cell, separator))
        assert f'"value":{cell}' in str(read(cell, cell, separator))
    assert read("1,4", '"1.234"', separator)[0]["x"] == "1.234"
    assert '"x":1.234}' in str(read("1.234", "1.234", ","))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_booleans_of_other_languages_are_accepted(separator: str) -> None:
    for cell, flag in {"WAHR": True, "FALSCH": False, "VRAI": True, "FALSO": False, '"WAHR"': "WAHR"}.items():
        assert read("2", cell, separator)[0]["x"] == flag
    assert '"x":"WAHR"' in str(read("2", "WAHR", ","))
