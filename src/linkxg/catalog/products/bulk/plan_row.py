"""Plans the write that brings a product to the state that a row describes."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET

from linkxg.catalog.products.bulk.flat_content import FlatContent
from linkxg.catalog.products.bulk.model import PlannedWrite, RowInput, StoredProduct, UnchangedProduct
from linkxg.catalog.products.canonical import digest_of
from linkxg.catalog.products.check_content import FieldError, check_content, field_error
from linkxg.catalog.products.check_keys import removed_gtin_error, sku_error
from linkxg.catalog.products.content import category_of
from linkxg.catalog.products.merge_content import changes_nothing, merged_content
from linkxg.catalog.products.model import ProductRecord, rename_search_key, search_key, search_key_of
from linkxg.ids import uuid7


def plan_row(
    row: RowInput, current: StoredProduct | None, now: int, new_id: Callable[[], str] = uuid7
) -> PlannedWrite | UnchangedProduct | list[FieldError]:
    """`current` is the product with the row's key, if any; `now` is in milliseconds. Errors name columns.

    A content whose canonical form is unchanged makes no version.
    """
    flat = row.flat
    if flat is not None:
        if current is None:
            return _new_flat(row, flat, now, new_id())
        if _is_unchanged(row, flat, current):
            return UnchangedProduct(current.head.id, current.version)
        row = RowInput(row.sku, row.gtin, msgspec.json.decode(flat.content))
    if row.sku is not UNSET and (error := sku_error(row.sku)):
        return [error]
    if current is None:
        return _new(row, now, new_id)
    head = current.head
    if head.status == "ARCHIVED":
        return [field_error("sku", "The product with this SKU is archived.", "invalid_state")]
    sku = head.sku if row.sku is UNSET else row.sku
    gtin14, gtin_length = (head.gtin14, head.gtin_length) if row.gtin is UNSET else row.gtin or (None, None)
    if (sku, gtin14, gtin_length) == (head.sku, head.gtin14, head.gtin_length) and changes_nothing(
        current.content, row.content
    ):
        return UnchangedProduct(head.id, current.version)
    content = merged_content(current.content, row.content, at="")
    if isinstance(content, list):
        return content
    errors, form = check_content(content, at="")
    if form is None:
        return errors
    if error := removed_gtin_error(head, gtin14):
        return [error]
    is_same = form.text == current.content
    if is_same and (sku, gtin14, gtin_length) == (head.sku, head.gtin14, head.gtin_length):
        return UnchangedProduct(head.id, current.version)
    creates_draft = not is_same and head.draft_version is None
    version = head.draft_version or (head.latest_version or 0) + 1
    # Lists show the published version if there is one, so only that is indexed.
    is_listed = head.latest_version is None
    planned = head._replace(
        sku=sku,
        gtin14=gtin14,
        gtin_length=gtin_length,
        category=category_of(content) if is_listed else head.category,
        draft_version=version if creates_draft else head.draft_version,
        revision=head.revision + 1,
        updated_at=max(now, head.updated_at),
    )
    return PlannedWrite(
        planned,
        search_key_of(sku, content) if is_listed else rename_search_key(current.search_key, sku),
        seen=head.revision,
        creates_draft=creates_draft,
        version=version,
        digest=None if is_same else form.digest,
        content=form.text,
    )


def _is_unchanged(row: RowInput, flat: FlatContent, current: StoredProduct) -> bool:
    """Whether a row certainly changes nothing; it has no nulls, so a patch that equals the stored content keeps it."""
    return (
        flat.content == current.content
        and row.sku == current.head.sku
        and (row.gtin is UNSET or row.gtin == (current.head.gtin14, current.head.gtin_length))
        and current.head.status != "ARCHIVED"
    )


def _new_flat(row: RowInput, flat: FlatContent, now: int, new_id: str) -> PlannedWrite:
    assert row.sku is not UNSET
    head = ProductRecord.draft(new_id, row.sku, row.gtin or None, flat.category, now)
    key = search_key(f"{row.sku}\n{flat.names}")
    return PlannedWrite.new_product(head, key, digest_of(flat.content), flat.content)


def _new(row: RowInput, now: int, new_id: Callable[[], str]) -> PlannedWrite | list[FieldError]:
    content = merged_content(None, row.content, at="")
    if isinstance(content, list):
        return content
    errors, form = check_content(content, at="")
    if row.sku is UNSET:
        errors = [field_error("sku", "A new product needs a SKU.", "missing"), *errors]
    if errors or form is None or row.sku is UNSET:
        return errors
    head = ProductRecord.draft(new_id(), row.sku, row.gtin or None, category_of(content), now)
    return PlannedWrite.new_product(head, search_key_of(row.sku, content), form.digest, form.text)
