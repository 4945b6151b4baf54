"""The demo's products are complete and distinct, and those of the brand of three categories."""

from __future__ import annotations

from collections import Counter

import pytest

from linkxg.catalog.products.check_content import check_content
from linkxg.catalog.products.check_keys import check_identifiers
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.publish_requirements import missing_for_publishing
from linkxg.ops.demo.companies import BRAND, MILL, WEAVER
from linkxg.ops.demo.products import GARMENTS, demo_products

CATALOGUES = [*(company.catalogue for company in (BRAND, WEAVER, MILL)), GARMENTS]


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_demo_products_are_valid_and_publishable(catalogue: str) -> None:
    for product in demo_products(catalogue):
        gtin, faults = check_identifiers(product)
        assert not faults
        assert gtin is not None
        assert not check_content(product.content).errors, product.sku
        head = ProductRecord("", product.sku, gtin.digits14, 13, None, "DRAFT", None, 1, 1, 0, 0)
        assert not missing_for_publishing(head, product.content), product.sku


def test_demo_products_are_numerous_and_distinct() -> None:
    every = demo_products()
    assert 200 <= len(every) <= 500
    for name in ("sku", "gtin"):
        assert len({getattr(product, name) for product in every}) == len(every)
    assert len({product.content.name for product in every}) == len(every)
    categories = Counter(product.content.category.code for product in every if product.content.category)
    assert len(categories) == 3
    assert min(categories.values()) >= 30
