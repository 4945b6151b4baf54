"""The template files of imports."""

import codecs

import msgspec

from linkxg.http.csv_table import write_table
from linkxg.jobs.model import FileFormat

_COLUMNS = (
    "sku", "gtin", "name", "description", "brand", "category.code", "category.name", "countryOfProduction",
    "dimensions.netWeight.value", "dimensions.netWeight.unit", "materials", "attributes.voltage",
)  # fmt: skip
_ROWS: tuple[dict[str, object], ...] = (
    {
        "sku": "DRL-18V-2",
        "gtin": "4006381333931",
        "content": {
            "name": "Cordless drill 18 V",
            "description": "Two gears, 13 mm chuck",
            "brand": "Acme",
            "category": {"code": "10003743", "name": "Drills"},
            "countryOfProduction": "DE",
            "dimensions": {"netWeight": {"value": 1.4, "unit": "KGM"}},
            "materials": [{"name": "Steel", "massFraction": 0.6, "originCountry": "SE"}],
            "attributes": {"voltage": 18},
        },
    },
    {
        "sku": "BIT-HEX-10",
        "gtin": "96385074",
        "content": {"name": "Hex bit set, 10 pieces", "brand": "Acme", "countryOfProduction": "IT"},
    },
)


def template(format: FileFormat) -> bytes:
    """A file with two products; as CSV with the most common columns and a byte order mark for spreadsheets."""
    if format == "ndjson":
        return b"".join(msgspec.json.encode(row) + b"\n" for row in _ROWS)
    if format == "json":
        return msgspec.json.format(msgspec.json.encode(_ROWS), indent=2) + b"\n"
    return codecs.BOM_UTF8 + write_table(_COLUMNS, ([_cell(row, name) for name in _COLUMNS] for row in _ROWS))


def _cell(row: dict[str, object], name: str) -> str:
    value: object = row if name in ("sku", "gtin") else row["content"]
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
