"""Rows of plain text parsed by column equal those parsed one by one."""

from __future__ import annotations

import json

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.product_imports.columns import COLUMN_TYPES, CsvRowParser
from linkxg.catalog.product_imports.csv_fast import FlatRows
from linkxg.catalog.product_imports.model import Options
from linkxg.catalog.product_imports.plan_rows import RowReader
from linkxg.catalog.products.bulk.model import PlannedWrite, RowInput, StoredProduct, UnchangedProduct
from linkxg.catalog.products.bulk.plan_row import plan_row
from linkxg.clock import now_ms

COLUMNS = [
    *COLUMN_TYPES.columns,
    "attributes.voltage",
    "attributes.ä",
    'attributes.a"b',
    "attributes.100%",
    "attributes.a.b",
]
ODD = ["", " ", "-0", "0", "1", "01", "1.0", "1.50", "1.5", "0.000001", "0.0000001", "999999999.999999", "1e3", "true",
       "null", '"x"', "[]", "{}", "KGM", "MTR", "kg", "DE", "XX", "4006381333931", "4006381333932", "96385074", "'=1",
       "a\nb", "a\tb", "a\\b", "ä", "\U0001f600", "\u00a0", "\u200b", "%s", "%", " a", "a ", "x" * 65, "x" * 101,
       "x" * 256, "y" * 20_000, "https://example.org/a", "urn:a:b", "\x7f", "\ud7ff", "10 mm"]  # fmt: skip
cells = st.one_of(st.sampled_from(ODD), st.text(max_size=6), st.sampled_from(["Bolt", "Acme"]))


def gtin(number: int) -> str:
    return f"{number:012}{check_digit(f'{number:012}')}"


@st.composite
def files(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    names = draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=8))
    names = list(dict.fromkeys(["sku", "name", *names]))
    column = {"sku": st.one_of(st.sampled_from(["A-1", "B 2", "Ä"]), cells),
              "gtin": st.one_of(st.integers(0, 10**6).map(gtin), cells)}  # fmt: skip
    row = st.tuples(*(column.get(name, cells) for name in names)).map(list)
    return names, draw(st.lists(row, min_size=1, max_size=5))


def read_alone(names: list[str], row: list[str], options: Options) -> RowInput | None:
    """What the row says when it is read by itself."""
    [read] = _SlowRowReader(options, names).read([row])
    return read.row


class _SlowRowReader(RowReader):
    def __init__(self, options: Options, columns: list[str]) -> None:
        super().__init__(options, columns)
        self._fast_path = None


@settings(max_examples=1_000)
@given(files(), st.sampled_from(["unchanged", "null"]), st.sampled_from(["sku", "gtin"]))
def test_rows_by_column_equal_rows_one_by_one(file: tuple[list[str], list[list[str]]], empty_as: str, key: str) -> None:
    names, rows = file
    options = msgspec.convert({"empty_as": empty_as, "key": key}, Options)
    for row, plain in zip(rows, FlatRows(names, options).read(rows), strict=True):
        if plain is None:
            continue
        same = read_alone(names, row, options)
        assert same is not None
        now = now_ms()
        one, other = plan_row(plain, None, now, lambda: "id"), plan_row(same, None, now, lambda: "id")
        assert one == other
        assert isinstance(one, PlannedWrite)
        assert one.content is not None
        assert one.content.encode() == rfc8785.dumps(json.loads(one.content))
        stored = StoredProduct(one.head, one.search_key, one.content)
        assert plan_row(plain, stored, now) == plan_row(same, stored, now) == UnchangedProduct("id", 1)
        other_stored = stored._replace(content='{"brand":"Old","name":"Old"}')
        assert plan_row(plain, other_stored, now) == plan_row(same, other_stored, now)


def test_usual_rows_take_the_fast_path() -> None:
    names = ["sku", "gtin", "name", "category.code", "countryOfProduction", "dimensions.netWeight.value",
             "dimensions.netWeight.unit", "materials", "attributes.colour", "attributes.voltage"]  # fmt: skip
    rows = [
        ["A-1", "4006381333931", "Drill ä", "10003743", "DE", "1.4", "KGM", "", "red", "18"],
        ["A-2", "", "Drill, 18 V", "", "", "", "", "", "", ""],
    ]
    found = FlatRows(names, Options()).read(rows)
    assert [one and one.flat and one.flat.content for one in found] == [
        '{"attributes":{"colour":"red","voltage":18},"category":{"code":"10003743"},"countryOfProduction":"DE",'
        '"dimensions":{"netWeight":{"unit":"KGM","value":1.4}},"name":"Drill ä"}',
        '{"name":"Drill, 18 V"}',
    ]


@pytest.mark.parametrize(
    ("place", "cell"),
    [(0, ""), (0, " A"), (0, "x" * 65), (1, "4006381333932"), (1, "40063813"), (2, ""), (2, "x" * 256), (2, 'a"b'),
     (2, "a\\b"), (2, "\x00"), (4, "XX"), (5, "1.50"), (5, ""), (6, "LTR"), (7, "[]"), (8, "true"), (8, "1e3")],
)  # fmt: skip
def test_one_unusual_row_leaves_the_others_on_the_fast_path(place: int, cell: str) -> None:
    names = ["sku", "gtin", "name", "category.code", "countryOfProduction", "dimensions.netWeight.value",
             "dimensions.netWeight.unit", "materials", "attributes.colour"]  # fmt: skip
    usual = ["A-1", "4006381333931", "Drill", "10003743", "DE", "1.4", "KGM", "", "red"]
    odd = [cell if at == place else value for at, value in enumerate(usual)]
    found = FlatRows(names, Options()).read([usual, odd, usual, [*usual, "more"]])
    assert [one is not None for one in found] == [True, False, True, False]
    assert CsvRowParser(names, "unchanged").read(usual)[2] == []
