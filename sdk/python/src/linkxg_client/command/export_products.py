"""Writes all products as NDJSON, JSON or CSV."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from linkxg_client.client import LinkXG
from linkxg_client.command.csv_injection import guarded
from linkxg_client.models.products import Product, ProductStatus


class ExportFormat(StrEnum):
    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"


def export_products(client: LinkXG, output: Path | None, format: ExportFormat, status: ProductStatus | None) -> int:
    """How many were written."""
    with _opened(output) as file:
        return _WRITERS[format](file, iter(client.products.list(status, limit=200)))


@contextmanager
def _opened(output: Path | None) -> Generator[TextIO]:
    """The file, which is complete or does not exist."""
    if output is None:
        yield sys.stdout
        return
    partial = output.with_name(output.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)


def _row(product: Product) -> dict[str, object]:
    return {"sku": product.sku, "gtin": product.entered_gtin, "content": product.content}


def _ndjson(file: TextIO, products: Iterator[Product]) -> int:
    count = 0
    for product in products:
        file.write(json.dumps(_row(product), ensure_ascii=False) + "\n")
        count += 1
    return count


def _json(file: TextIO, products: Iterator[Product]) -> int:
    count = 0
    for product in products:
        file.write(("[\n" if not count else ",\n") + json.dumps(_row(product), ensure_ascii=False))
        count += 1
    file.write("\n]\n" if count else "[]\n")
    return count


def _csv(file: TextIO, products: Iterator[Product]) -> int:
    writer = csv.writer(file)
    writer.writerow(["sku", "gtin", "status", "name", "brand", "modelNumber"])
    count = 0
    for product in products:
        texts = [product.content.get(name) or "" for name in ("name", "brand", "modelNumber")]
        writer.writerow(
            [guarded(str(cell)) for cell in (product.sku, product.entered_gtin or "", product.status, *texts)]
        )
        count += 1
    return count


_WRITERS = {ExportFormat.NDJSON: _ndjson, ExportFormat.JSON: _json, ExportFormat.CSV: _csv}
