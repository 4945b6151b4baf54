"""Reads of shared products as their owner sees them."""

from typing import Any, ClassVar

import msgspec


class ReadCount(msgspec.Struct, rename="camel"):
    """How often the partner read a product in the hour that begins at `hour`.

    `productId` is null for reads that were counted without their product, because very many were read at once; `sku`
    is null for a product that is gone, too.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "hour": "2026-11-23T14:00:00.000Z",
        "productId": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "sku": "AC-1042",
        "reads": 12,
    }

    hour: str
    product_id: str | None
    sku: str | None
    reads: int
