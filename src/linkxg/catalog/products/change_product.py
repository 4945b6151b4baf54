"""Changes a product by a merge patch (RFC 7396).

What is written is decided from the revision that was read, and written only if that revision still stands; when
another request was faster, it is decided anew from what that one left.
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
from linkxg.catalog.products.check_content import Fault, check_content
from linkxg.catalog.products.check_keys import check_head, gtin_fault, refusal
from linkxg.catalog.products.content import Content, category_of
from linkxg.catalog.products.content_errors import content_faults
from linkxg.catalog.products.duplicate_errors import duplicate_error
from linkxg.catalog.products.merge_content import merged_content
from linkxg.catalog.products.merge_patch import merge_patch
from linkxg.catalog.products.model import Product, ProductPatch, ProductView, key_of, renamed, view
from linkxg.catalog.products.versions.store import find_shown, insert_version, update_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import (
    InvalidState,
    NotFound,
    PreconditionFailed,
    PublicError,
)
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import is_uuid

MayChange = Callable[[int], bool]
"""Whether the caller agrees to change the product at this revision."""


class _Draft(NamedTuple):
    """A content that differs from what it was made of."""

    content: Content
    form: Canonical


async def change_product(
    database: Database, actor: Actor, account_id: str, product_id: str, patch: ProductPatch, may_change: MayChange
) -> Product:
    """The product with its draft as it then is; at the same revision when the patch changes nothing.

    A patch of the content goes to the draft; where there is none, one is begun from the latest version.
    Raises NotFound, PreconditionFailed, InvalidState, ValidationFailed, DuplicateSku or DuplicateGtin.
    """
    if not is_uuid(product_id):
        raise NotFound
    if patch.sku is not UNSET:
        patch = replace(patch, sku=normal_sku(patch.sku))
    gtin, faults = check_head(patch)
    if faults and patch.content is UNSET:
        raise refusal(faults)

    def unit(conn: Connection) -> Product | PublicError:
        if patch.sku is not UNSET or gtin is not None:
            store.lock_identifiers(conn, account_id)
        while True:
            base = find_shown(conn, account_id, product_id, "base")
            if base is None:
                return NotFound()
            if not may_change(base.head.revision):
                return PreconditionFailed()
            if base.head.status == "ARCHIVED":
                return InvalidState("An archived product cannot be changed.")
            of_gtin = gtin_fault(base.head, None) if patch.gtin is None else None
            of_head = [*faults, of_gtin] if of_gtin else faults
            draft = _drafted(base, patch)
            if of_head or isinstance(draft, list):
                return refusal([*of_head, *(draft if isinstance(draft, list) else ())])
            changed = _changed(base, patch, gtin)
            if not changed and draft is None:
                return view(base)
            if refused := _taken(conn, account_id, base, changed):
                return refused
            if shown := _write(conn, actor, account_id, base, changed, draft):
                break
        details = {"sku": base.head.sku, "fields": _given(patch), "revision": shown.head.revision}
        audit.record(conn, account_id, actor, "product.updated", product_id, details)
        return view(shown)

    outcome = await write_as(database, actor, unit)
    if isinstance(outcome, PublicError):
        raise outcome
    return outcome


def _given(patch: ProductPatch) -> list[str]:
    """The fields that a patch names."""
    named = [name for name in ("sku", "gtin") if getattr(patch, name) is not UNSET]
    return named + [f"content.{name}" for name in (() if patch.content is UNSET else patch.content)]


def _drafted(base: ProductView, patch: ProductPatch) -> _Draft | list[Fault] | None:
    """The content that the patch makes, or all that is wrong with it; None when it is the present one."""
    if patch.content is UNSET:
        return None
    content = merged_content(base.content, patch.content, "content.")
    if isinstance(content, list):
        return content_faults(merge_patch(msgspec.json.decode(base.content), patch.content), "content.") or content
    checked = check_content(content)
    if checked.form is None:
        return checked.faults
    # Compared as canonical JSON: in Python 1, 1.0 and true are equal.
    return _Draft(content, checked.form) if checked.form.digest != base.digest else None


def _changed(base: ProductView, patch: ProductPatch, gtin: Gtin | None) -> dict[str, Any]:
    """Columns of the head that get another value."""
    values: dict[str, Any] = {}
    if patch.sku is not UNSET:
        values["sku"] = patch.sku
    if patch.gtin is not UNSET:
        values["gtin14"], values["gtin_length"] = gtin or (None, None)
    return {name: value for name, value in values.items() if value != getattr(base.head, name)}


def _write(
    conn: Connection, actor: Actor, account_id: str, base: ProductView, changed: dict[str, Any], draft: _Draft | None
) -> ProductView | None:
    """The product as written; None when another request has changed it since."""
    head = base.head
    changed["updated_at"] = max(now_ms(), head.updated_at)
    opens = draft is not None and head.draft_version is None
    version = (head.latest_version or 0) + 1 if opens else base.version
    if opens:
        changed["draft_version"] = version
    values = dict(changed)
    if draft is not None and head.latest_version is None:
        # A list shows the published version where there is one: what a product is found by is that version's.
        changed["category"] = values["category"] = category_of(draft.content)
        values["search_key"] = key_of(values.get("sku", head.sku), draft.content)
    elif "sku" in changed:
        values["search_key"] = renamed(store.find_search_key(conn, account_id, head.id), changed["sku"])
    if not store.update_head(conn, account_id, head.id, seen=head.revision, **values):
        return None
    written = head._replace(revision=head.revision + 1, **changed)
    if draft is None:
        return base._replace(head=written)
    stored = {"digest": draft.form.digest, "content": draft.form.text}
    if opens:
        made = {"status": "DRAFT", "created_at": changed["updated_at"], "created_by": actor.id or ""}
        insert_version(conn, account_id, head.id, version=version, **made, **stored)
    else:
        update_version(conn, account_id, head.id, version, **stored)
    return ProductView(written, version, "DRAFT", draft.form.digest, draft.form.text)


def _taken(conn: Connection, account_id: str, base: ProductView, changed: dict[str, Any]) -> PublicError | None:
    """Whether another product has the SKU or GTIN that this one is to get."""
    if "sku" not in changed and changed.get("gtin14") is None:
        return None
    sku, gtin14 = changed.get("sku", base.head.sku), changed.get("gtin14", base.head.gtin14)
    return duplicate_error(*store.find_holders(conn, account_id, sku=sku, gtin14=gtin14, besides=base.head.id))
