"""What has to be written so that a product is what a row says?"""

from msgspec import UNSET

from linkxg.ids import uuid7
from linkxg.products.bulk.model import Current, Given, Planned, Unchanged
from linkxg.products.check_content import Fault, check_content, fault
from linkxg.products.check_head import gtin_fault, sku_fault
from linkxg.products.content import category_of
from linkxg.products.merge_content import changes_nothing, merged_content
from linkxg.products.model import Head, key_of, renamed


def plan_row(given: Given, current: Current | None, now: int) -> Planned | Unchanged | list[Fault]:
    """`current` is what has the row's key, if anything has; `now` in milliseconds. Faults name columns of the content.

    An equal content (by its digest) makes no version and no change.
    """
    if given.sku is not UNSET and (wrong := sku_fault(given.sku)):
        return [wrong]
    if current is None:
        return _new(given, now)
    head = current.head
    if head.status == "ARCHIVED":
        return [fault("sku", "The product with this SKU is archived.", "invalid_state")]
    sku = head.sku if given.sku is UNSET else given.sku
    gtin14, gtin_length = (head.gtin14, head.gtin_length) if given.gtin is UNSET else given.gtin or (None, None)
    if (sku, gtin14, gtin_length) == (head.sku, head.gtin14, head.gtin_length) and changes_nothing(
        current.content, given.content
    ):
        return Unchanged(head.id, head.draft_version or head.latest_version or 1)
    content = merged_content(current.content, given.content, at="")
    if isinstance(content, list):
        return content
    faults, form = check_content(content, at="")
    if form is None:
        return faults
    if wrong := gtin_fault(head, gtin14):
        return [wrong]
    same = form.digest == current.digest
    if same and (sku, gtin14, gtin_length) == (head.sku, head.gtin14, head.gtin_length):
        return Unchanged(head.id, head.draft_version or head.latest_version or 1)
    opens = not same and head.draft_version is None
    version = head.draft_version or (head.latest_version or 0) + 1
    # A list shows the published version: what it is found by is that version's.
    shows = head.latest_version is None
    planned = Head(
        head.id,
        sku,
        gtin14,
        gtin_length,
        category_of(content) if shows else head.category,
        head.status,
        head.latest_version,
        version if opens else head.draft_version,
        head.revision + 1,
        head.created_at,
        max(now, head.updated_at),
    )
    text = None if same else form.text
    key = key_of(sku, content) if shows else renamed(current.search_key, sku)
    return Planned(planned, key, head.revision, opens, version, form.digest if text else None, text)


def _new(given: Given, now: int) -> Planned | list[Fault]:
    content = merged_content(None, given.content, at="")
    if isinstance(content, list):
        return content
    faults, form = check_content(content, at="")
    if given.sku is UNSET:
        faults = [fault("sku", "A new product needs a SKU.", "missing"), *faults]
    if faults or form is None or given.sku is UNSET:
        return faults
    gtin14, gtin_length = (None, None) if given.gtin is UNSET else given.gtin or (None, None)
    head = Head(uuid7(), given.sku, gtin14, gtin_length, category_of(content), "DRAFT", None, 1, 1, now, now)
    return Planned(head, key_of(given.sku, content), None, True, 1, form.digest, form.text)
