"""What a partner would see by a share: the sentence, and the products as a list and as the JSON of the API."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from linkxg.catalog.products.shared_product import SharedProduct
from linkxg.console.product_fields import label, leaves
from linkxg.network.shares.model import SharePreview

MAX_LINES, MAX_JSON = 100, 16_000
"""Of one product; a content may have 128 KiB."""


class PreviewedProduct(NamedTuple):
    """`lines` are (label, value); `further` values are not listed. `json` is empty if it is too long for a page."""

    name: str
    lines: list[tuple[str, str]]
    further: int
    json: str


class PreviewedShare(NamedTuple):
    """With `has_others`, the products show more than this share alone would."""

    summary: str
    has_others: bool
    products: list[PreviewedProduct]


def preview_of(preview: SharePreview, fields: Sequence[str] | None) -> PreviewedShare:
    """`fields` are those of the share that is previewed; the partner sees the union of all shares."""
    own = None if fields is None else sorted(set(fields))
    has_others = any(one.fields != own for one in preview.preview)
    return PreviewedShare(preview.summary, has_others, [_product(one) for one in preview.preview])


def _product(shown: SharedProduct) -> PreviewedProduct:
    found = leaves(bytes(shown.content).decode())
    values = [(label(path), value) for path, value in found]
    head = [("SKU", shown.sku), ("GTIN", shown.gtin or ""), ("Version", str(shown.version))]
    lines = [line for line in [*head, *values] if line[1]]
    name = next((value for path, value in found if path == "name"), shown.sku)
    text = msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()
    return PreviewedProduct(name, lines[:MAX_LINES], max(0, len(lines) - MAX_LINES), text * (len(text) <= MAX_JSON))
