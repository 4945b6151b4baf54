"""Changes a product by a merge patch (RFC 7396).

The change is computed from the revision that was read, and written only if that is still the current one; otherwise
the product is read again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.identifiers.gtin import Gtin
from linkxg.catalog.identifiers.sku import normal_sku
from linkxg.catalog.products import store
from linkxg.catalog.products.canonical import Canonical
from linkxg.catalog.products.check_content import FieldError, check_content
from linkxg.catalog.products.check_keys import check_identifiers, removed_gtin_error, validation_failed
from linkxg.catalog.products.content import Content, category_of
from linkxg.catalog.products.content_errors import content_errors
from linkxg.catalog.products.duplicate_errors import duplicate_error
from linkxg.catalog.products.merge_content import merged_content
from linkxg.catalog.products.merge_patch import merge_patch
from linkxg.catalog.products.model import (
    Product,
    ProductPatch,
    ProductView,
    rename_search_key,
    search_key_of,
    view_product,
)
from linkxg.catalog.products.versions.store import find_product_view, insert_version, update_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import InvalidState, NotFound, PreconditionFailed, PublicError
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import is_uuid

Precondition = Callable[[int], bool]
"""Whether the caller's conditions allow a change of the product at this revision (RFC 9110 §13.1)."""


class _DraftContent(NamedTuple):
    """The content of a draft, and its canonical form."""

    content: Content
    form: Canonical


async def change_product(
    database: Database, actor: Actor, account_id: str, product_id: str, patch: ProductPatch, precondition: Precondition
) -> Product:
    """The product with its draft; at the same revision if the patch changes nothing.

    A patch of the content applies to the draft; if there is none, one is created from the latest version.
    Raises NotFound, PreconditionFailed, InvalidState, ValidationFailed, DuplicateSku or DuplicateGtin.
    """
    if not is_uuid(product_id):
        raise NotFound
    if patch.sku is not UNSET:
        patch = replace(patch, sku=normal_sku(patch.sku))
    gtin, errors = check_identifiers(patch)
    if errors and patch.content is UNSET:
        raise validation_failed(errors)

    def unit(conn: Connection) -> Product | PublicError:
        if patch.sku is not UNSET or gtin is not None:
            store.lock_identifiers(conn, account_id)
        while True:
            base = find_product_view(conn, account_id, product_id, "base")
            if base is None:
                return NotFound()
            if not precondition(base.head.revision):
                return PreconditionFailed()
            if base.head.status == "ARCHIVED":
                return InvalidState("An archived product cannot be changed.")
            gtin_error = removed_gtin_error(base.head, None) if patch.gtin is None else None
            identifier_errors = [*errors, gtin_error] if gtin_error else errors
            draft = _patched_content(base, patch)
            if identifier_errors or isinstance(draft, list):
                return validation_failed([*identifier_errors, *(draft if isinstance(draft, list) else ())])
            changed = _changed_columns(base, patch, gtin)
            if not changed and draft is None:
                return view_product(base)
            if duplicate := _find_duplicate(conn, account_id, base, changed):
                return duplicate
            if shown := _write(conn, actor, account_id, base, changed, draft):
                break
        details = {"sku": base.head.sku, "fields": _patched_fields(patch), "revision": shown.head.revision}
        audit.record(conn, account_id, actor, "product.updated", product_id, details)
        return view_product(shown)

    return value_or_raise(await write_as(database, actor, unit))


def _patched_fields(patch: ProductPatch) -> list[str]:
    """The fields that a patch names, for the audit trail."""
    named = [name for name in ("sku", "gtin") if getattr(patch, name) is not UNSET]
    return named + [f"content.{name}" for name in (() if patch.content is UNSET else patch.content)]


def _patched_content(base: ProductView, patch: ProductPatch) -> _DraftContent | list[FieldError] | None:
    """The content that results from the patch, or its errors; None if the patch changes nothing."""
    if patch.content is UNSET:
        return None
    content = merged_content(base.content, patch.content, "content.")
    if isinstance(content, list):
        return content_errors(merge_patch(msgspec.json.decode(base.content), patch.content), "content.") or content
    checked = check_content(content)
    if checked.form is None:
        return checked.errors
    # Compared as canonical JSON: in Python 1, 1.0 and true are equal.
    return _DraftContent(content, checked.form) if checked.form.digest != base.digest else None


def _changed_columns(base: ProductView, patch: ProductPatch, gtin: Gtin | None) -> dict[str, Any]:
    """The columns of `products` that get another value."""
    values: dict[str, Any] = {}
    if patch.sku is not UNSET:
        values["sku"] = patch.sku
    if patch.gtin is not UNSET:
        values["gtin14"], values["gtin_length"] = gtin or (None, None)
    return {name: value for name, value in values.items() if value != getattr(base.head, name)}


def _write(
    conn: Connection,
    actor: Actor,
    account_id: str,
    base: ProductView,
    changed: dict[str, Any],
    draft: _DraftContent | None,
) -> ProductView | None:
    """The written product; None if another request has changed it in the meantime."""
    head = base.head
    changed["updated_at"] = max(now_ms(), head.updated_at)
    creates_draft = draft is not None and head.draft_version is None
    version = (head.latest_version or 0) + 1 if creates_draft else base.version
    if creates_draft:
        changed["draft_version"] = version
    values = dict(changed)
    if draft is not None and head.latest_version is None:
        # Lists show the published version if there is one, so only that is indexed.
        changed["category"] = values["category"] = category_of(draft.content)
        values["search_key"] = search_key_of(values.get("sku", head.sku), draft.content)
    elif "sku" in changed:
        values["search_key"] = rename_search_key(store.find_search_key(conn, account_id, head.id), changed["sku"])
    if not store.update_record(conn, account_id, head.id, seen=head.revision, **values):
        return None
    written = head._replace(revision=head.revision + 1, **changed)
    if draft is None:
        return base._replace(head=written)
    stored = {"digest": draft.form.digest, "content": draft.form.text}
    if creates_draft:
        created = {"status": "DRAFT", "created_at": changed["updated_at"], "created_by": actor.id or ""}
        insert_version(conn, account_id, head.id, version=version, **created, **stored)
    else:
        update_version(conn, account_id, head.id, version, **stored)
    return ProductView(written, version, "DRAFT", draft.form.digest, draft.form.text)


def _find_duplicate(
    conn: Connection, account_id: str, base: ProductView, changed: dict[str, Any]
) -> PublicError | None:
    """The error if another product has the new SKU or GTIN."""
    if "sku" not in changed and changed.get("gtin14") is None:
        return None
    sku, gtin14 = changed.get("sku", base.head.sku), changed.get("gtin14", base.head.gtin14)
    return duplicate_error(*store.find_holders(conn, account_id, sku=sku, gtin14=gtin14, except_id=base.head.id))
