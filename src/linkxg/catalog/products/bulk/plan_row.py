"""Plans the write that brings a product to the state that a row describes."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET

from linkxg.catalog.products.bulk.flat_content import FlatContent
from linkxg.catalog.products.bulk.model import PlannedWrite, RowInput, StoredProduct, UnchangedProduct
from linkxg.catalog.products.canonical import digest_of
from linkxg.catalog.products.check_content import Fault, check_content, fault
from linkxg.catalog.products.check_keys import gtin_fault, sku_fault
from linkxg.catalog.products.content import category_of
from linkxg.catalog.products.merge_content import changes_nothing, merged_content
from linkxg.catalog.products.model import ProductRecord, key_of, renamed, search_key
from linkxg.ids import uuid7


def plan_row(
    given: RowInput, current: StoredProduct | None, now: int, new_id: Callable[[], str] = uuid7
) -> PlannedWrite | UnchangedProduct | list[Fault]:
    """`current` is what has the row's key, if anything has; `now` in milliseconds. Faults name columns of the content.

    An equal content (in its canonical form) makes no version and no change.
    """
    plain = given.plain
    if plain is not None:
        if current is None:
            return _new_plain(given, plain, now, new_id())
        if _says_the_same(given, plain, current):
            return UnchangedProduct(current.head.id, current.version)
        given = RowInput(given.sku, given.gtin, msgspec.json.decode(plain.content))
    if given.sku is not UNSET and (wrong := sku_fault(given.sku)):
        return [wrong]
    if current is None:
        return _new(given, now, new_id)
    head = current.head
    if head.status == "ARCHIVED":
        return [fault("sku", "The product with this SKU is archived.", "invalid_state")]
    sku = head.sku if given.sku is UNSET else given.sku
    gtin14, gtin_length = (head.gtin14, head.gtin_length) if given.gtin is UNSET else given.gtin or (None, None)
    if (sku, gtin14, gtin_length) == (head.sku, head.gtin14, head.gtin_length) and changes_nothing(
        current.content, given.content
    ):
        return UnchangedProduct(head.id, current.version)
    content = merged_content(current.content, given.content, at="")
    if isinstance(content, list):
        return content
    faults, form = check_content(content, at="")
    if form is None:
        return faults
    if wrong := gtin_fault(head, gtin14):
        return [wrong]
    same = form.text == current.content
    if same and (sku, gtin14, gtin_length) == (head.sku, head.gtin14, head.gtin_length):
        return UnchangedProduct(head.id, current.version)
    opens = not same and head.draft_version is None
    version = head.draft_version or (head.latest_version or 0) + 1
    # A list shows the published version: what it is found by is that version's.
    shows = head.latest_version is None
    planned = head._replace(
        sku=sku,
        gtin14=gtin14,
        gtin_length=gtin_length,
        category=category_of(content) if shows else head.category,
        draft_version=version if opens else head.draft_version,
        revision=head.revision + 1,
        updated_at=max(now, head.updated_at),
    )
    return PlannedWrite(
        planned,
        key_of(sku, content) if shows else renamed(current.search_key, sku),
        seen=head.revision,
        opens=opens,
        version=version,
        digest=None if same else form.digest,
        content=form.text,
    )


def _says_the_same(given: RowInput, plain: FlatContent, current: StoredProduct) -> bool:
    """Whether a plain row surely changes nothing; it has no null, so what is equal to it is what it makes."""
    return (
        plain.content == current.content
        and given.sku == current.head.sku
        and (given.gtin is UNSET or given.gtin == (current.head.gtin14, current.head.gtin_length))
        and current.head.status != "ARCHIVED"
    )


def _new_plain(given: RowInput, plain: FlatContent, now: int, new_id: str) -> PlannedWrite:
    assert given.sku is not UNSET
    head = ProductRecord.draft(new_id, given.sku, given.gtin or None, plain.category, now)
    key = search_key(f"{given.sku}\n{plain.named}")
    return PlannedWrite.new_product(head, key, digest_of(plain.content), plain.content)


def _new(given: RowInput, now: int, new_id: Callable[[], str]) -> PlannedWrite | list[Fault]:
    content = merged_content(None, given.content, at="")
    if isinstance(content, list):
        return content
    faults, form = check_content(content, at="")
    if given.sku is UNSET:
        faults = [fault("sku", "A new product needs a SKU.", "missing"), *faults]
    if faults or form is None or given.sku is UNSET:
        return faults
    head = ProductRecord.draft(new_id(), given.sku, given.gtin or None, category_of(content), now)
    return PlannedWrite.new_product(head, key_of(given.sku, content), form.digest, form.text)
