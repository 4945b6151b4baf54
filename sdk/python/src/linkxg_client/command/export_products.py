"""Writes products as NDJSON, JSON or CSV, as their owner edits them: with the draft where there is one.

NDJSON and JSON can be imported again, and change nothing then.
"""

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
from linkxg_client.errors import NotFound
from linkxg_client.models.products import Product, ProductStatus


class ExportFormat(StrEnum):
    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"


def export_products(
    client: LinkXG, output: Path | None, format: ExportFormat, status: ProductStatus | None, *, archived: bool = False
) -> int:
    """How many were written. Archived ones, which cannot be changed, only if they are asked for."""
    with _opened(output) as file:
        return _WRITERS[format](file, _editable(client, status, archived=archived or status == "ARCHIVED"))


def _editable(client: LinkXG, status: ProductStatus | None, *, archived: bool) -> Iterator[Product]:
    # By SKU: in the order of changes, a product that changes meanwhile would come twice.
    for product in client.products.list(status, sort="sku", limit=200):
        if product.status == "ARCHIVED":
            if archived:
                yield product
        elif product.draft_version is None or product.version_status == "DRAFT":
            yield product
        else:
            # Lists show what is published. To import that again would overwrite the draft.
            try:
                yield client.products.get(product.id, version="draft")
            except NotFound:
                # The draft has been published or discarded meanwhile.
                yield client.products.get(product.id)


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
