"""Shares products with a partner, or previews what they would see."""

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products.share_model import subject_of
from linkxg.catalog.products.share_store import insert_share, record_same_expiries
from linkxg.catalog.products.shared_model import Grant, SharedBy, SharedProductView
from linkxg.catalog.products.shared_product import SharedProduct, view_shared
from linkxg.catalog.products.shared_store import list_shared
from linkxg.catalog.products.store import find_record
from linkxg.catalog.products.versions.store import find_product_view
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, InvalidState, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import fault
from linkxg.identity.accounts.store import find_account
from linkxg.identity.authorization.write_as import write_once_by_id
from linkxg.ids import is_uuid, uuid7
from linkxg.network.connections.store import find_connection, find_partner, lock_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.share_expiries import append_expiries
from linkxg.network.feed.visibility_lock import lock_visibility
from linkxg.network.shares import store
from linkxg.network.shares.check_share import UNKNOWN_PRODUCT, check_share
from linkxg.network.shares.model import (
    MAX_CATEGORIES,
    MAX_LIVE,
    MAX_PREVIEW,
    MAX_SAME,
    CreateShare,
    Share,
    SharePreview,
    ShareTerms,
)
from linkxg.network.shares.view_share import summarise_share, view_share

SHARES = Budget("shares", 5_000, 3_600)


async def create_share(
    database: Database,
    actor: Actor,
    account_id: str,
    connection_id: str,
    given: CreateShare,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Share]:
    """Raises NotFound, ValidationFailed with every fault, InvalidState unless connected, or Conflict (too many)."""

    def make(conn: Connection) -> Share | PublicError:
        # A share must not outlive a connection that is revoked at the same time.
        lock_connection(conn, account_id, connection_id)
        lock_visibility(conn, account_id, find_partner(conn, account_id, connection_id))
        now = now_ms()
        found = _check(conn, account_id, connection_id, given, now)
        if isinstance(found, PublicError):
            return found
        terms, viewer_id = found
        share_id = insert_new_share(conn, actor, account_id, viewer_id, connection_id, terms, now)
        if isinstance(share_id, PublicError):
            return share_id
        row = store.find_share(conn, account_id, share_id)
        assert row is not None
        made = view_share(conn, account_id, row, now)
        added = Change("SHARE_ADDED", connection_id, share_id, product_id=terms.product_id)
        append_all(conn, {viewer_id: [added]})
        return made

    def find(conn: Connection, share_id: str) -> Share | PublicError:
        row = store.find_share(conn, account_id, share_id)
        return NotFound() if row is None else view_share(conn, account_id, row, now_ms())

    content = [actor.id, connection_id, given]
    request = Request(account_id, "POST /connections/{id}/shares", idempotency_key, content)
    return await write_once_by_id(database, actor, request, make, find)


def insert_new_share(
    conn: Connection, actor: Actor, account_id: str, viewer_id: str, connection_id: str, terms: ShareTerms, now: int
) -> str | Conflict:
    """The id of a share by a live connection, which the caller has locked, and with it both audit trails."""
    if store.count_live(conn, account_id, connection_id, now, MAX_LIVE) >= MAX_LIVE:
        return Conflict(f"At most {MAX_LIVE:,} shares with one partner can be active; withdraw some first.")
    if terms.type == "CATEGORY":
        of_categories = store.count_live(conn, account_id, connection_id, now, MAX_CATEGORIES, type="CATEGORY")
        if of_categories >= MAX_CATEGORIES:
            return Conflict(f"At most {MAX_CATEGORIES:,} shares of categories with one partner can be active.")
    if store.count_same(conn, account_id, connection_id, terms, now) >= MAX_SAME:
        return Conflict(f"At most {MAX_SAME} shares of the same products with one partner can be active.")
    share_id = uuid7()
    insert_share(
        conn, account_id, id=share_id, viewer_id=viewer_id, connection_id=connection_id, created_at=now,
        created_by=actor.id or "", **_columns(terms),
    )  # fmt: skip
    details = {"type": terms.type, "connection": connection_id}
    if shared := terms.product_id or terms.category:
        details["subject"] = shared
    audit.record_both(conn, actor, account_id, viewer_id, "share.created", share_id, details)
    # However many are made, few that have expired are left among the live ones.
    subject = subject_of(terms.type, terms.product_id, terms.category)
    append_expiries(conn, record_same_expiries(conn, account_id, connection_id, subject, now, 2 * MAX_SAME))
    return share_id


async def preview_share(database: Database, account_id: str, connection_id: str, given: CreateShare) -> SharePreview:
    """What the partner would see by this share and those that they have. Raises the errors of `create_share`."""

    def unit(conn: Connection) -> SharePreview | PublicError:
        now = now_ms()
        found = _check(conn, account_id, connection_id, given, now)
        if isinstance(found, PublicError):
            return found
        terms, viewer_id = found
        ids = store.list_published_ids(conn, account_id, MAX_PREVIEW, **store.covered_by(terms))
        shown = _preview(conn, account_id, viewer_id, connection_id, ids, terms, now)
        return SharePreview(summarise_share(conn, account_id, terms), shown)

    return value_or_raise(await database.read(unit))


def _check(
    conn: Connection, account_id: str, connection_id: str, given: CreateShare, now: int
) -> tuple[ShareTerms, str] | PublicError:
    """(the terms, the partner)."""
    side = find_connection(conn, account_id, connection_id)
    if side is None:
        return NotFound()
    terms, faults = check_share(given, now)
    product_id = given.product_id if terms.type == "PRODUCT" else None
    if product_id is not None and is_uuid(product_id) and find_record(conn, account_id, product_id) is None:
        faults.append(fault("productId", UNKNOWN_PRODUCT))
    if faults:
        return ValidationFailed(details=faults)
    if side.status != "ACTIVE" or side.partner_id is None:
        return InvalidState("Only with a connected company can products be shared.")
    return terms, side.partner_id


def _preview(
    conn: Connection, account_id: str, viewer_id: str, connection_id: str, ids: list[str], terms: ShareTerms, now: int
) -> list[SharedProduct]:
    visible = {one.view.head.id: one for one in list_shared(conn, viewer_id, ids, now)}
    account = find_account(conn, account_id)
    assert account is not None
    by = SharedBy(account_id, account.name, account.slug, connection_id)
    grant = Grant(None if terms.fields is None else tuple(terms.fields), terms.versions == "ALL")
    found = []
    for product_id in ids:
        view = find_product_view(conn, account_id, product_id, "latest")
        if view is not None:
            others = visible[product_id].grants if product_id in visible else []
            found.append(view_shared(SharedProductView(view, by, [*others, grant])))
    return found


def _columns(terms: ShareTerms) -> dict[str, object]:
    values = msgspec.structs.asdict(terms)
    values["fields"] = None if terms.fields is None else msgspec.json.encode(terms.fields).decode()
    values["passport_roles"] = msgspec.json.encode(terms.passport_roles).decode()
    return values
