"""Do the demo's products look like a catalogue: complete, distinct, in three categories?"""

from __future__ import annotations

from collections import Counter

from linkxg.cli.demo_products import demo_products
from linkxg.products.check_content import check_content
from linkxg.products.check_head import check_head
from linkxg.products.find_missing import find_missing
from linkxg.products.model import Head


def test_they_are_right_and_can_be_published() -> None:
    for product in demo_products():
        gtin, faults = check_head(product)
        assert not faults
        assert gtin is not None
        assert not check_content(product.content).faults, product.sku
        head = Head("", product.sku, gtin.digits14, 13, None, "DRAFT", None, 1, 1, 0, 0)
        assert not find_missing(head, product.content), product.sku


def test_they_are_many_and_distinct() -> None:
    every = demo_products()
    assert 200 <= len(every) <= 500
    for name in ("sku", "gtin"):
        assert len({getattr(product, name) for product in every}) == len(every)
    assert len({product.content.name for product in every}) == len(every)
    categories = Counter(product.content.category.code for product in every if product.content.category)
    assert len(categories) == 3
    assert min(categories.values()) >= 30
