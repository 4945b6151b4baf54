"""Shares as their owner sees them."""

import msgspec
from sqlalchemy import Connection

from linkxg.clock import rfc3339, rfc3339_or_none
from linkxg.db.schema import AnyRow
from linkxg.network.shares import store
from linkxg.network.shares.model import (
    STATUSES,
    Acknowledgement,
    AcknowledgementCounts,
    ProductAcknowledgement,
    ProductShare,
    Share,
    SharePartner,
    ShareStatus,
    ShareTerms,
)
from linkxg.network.shares.summary import COUNT_UP_TO, day, summarise


def view_share(conn: Connection, account_id: str, row: AnyRow, now: int) -> Share:
    """Inside a unit of work."""
    terms = ShareTerms(
        row.type,
        row.product_id,
        row.category,
        paths_of(row.fields),
        row.versions,
        row.traceability,
        row.trace_tiers,
        msgspec.json.decode(row.passport_roles),
        row.expires_at,
    )
    subject = {"product_id": row.product_id, "category": row.category}
    counts = store.count_acknowledgements(conn, account_id, row.viewer_id, **subject)
    status = _status(row, now)
    if status == "ACTIVE":
        summary = summarise_share(conn, account_id, terms)
    else:
        ended = f"expired on {day(row.expires_at)}" if status == "EXPIRED" else f"withdrawn on {day(row.withdrawn_at)}"
        summary = f"Sees nothing: {ended}."
    return Share(
        row.id,
        row.connection_id,
        terms.type,
        terms.product_id,
        terms.category,
        terms.fields,
        terms.versions,
        terms.traceability,
        terms.trace_tiers,
        terms.passport_roles,
        status,
        summary,
        AcknowledgementCounts(*(counts.get(one, 0) for one in STATUSES)),
        rfc3339(row.created_at),
        rfc3339_or_none(row.expires_at),
        rfc3339_or_none(row.withdrawn_at),
    )


def summarise_share(conn: Connection, account_id: str, terms: ShareTerms) -> str:
    subject = {"product_id": terms.product_id, "category": terms.category}
    return summarise(terms, store.count_published(conn, account_id, COUNT_UP_TO + 1, **subject))


def view_product_share(row: AnyRow, product_id: str) -> ProductShare:
    answer = None
    if row.answer_status is not None:
        answer = Acknowledgement(
            product_id,
            row.answer_version,
            row.answer_status,
            row.answer_reason,
            paths_of(row.answer_fields),
            rfc3339(row.answer_at),
        )
    return ProductShare(
        row.id,
        row.connection_id,
        SharePartner(row.viewer_id, row.name, row.slug),
        row.type,
        paths_of(row.fields),
        row.versions,
        rfc3339_or_none(row.expires_at),
        answer,
    )


def view_product_acknowledgement(row: AnyRow) -> ProductAcknowledgement:
    answer = Acknowledgement(
        row.product_id, row.version, row.status, row.reason, paths_of(row.fields), rfc3339(row.at)
    )  # fmt: skip
    return ProductAcknowledgement(row.sku, answer)


def paths_of(text: str | None) -> list[str] | None:
    return None if text is None else msgspec.json.decode(text)


def _status(row: AnyRow, now: int) -> ShareStatus:
    if row.withdrawn_at is not None:
        return "WITHDRAWN"
    # Another node may have recorded the expiry by a clock that is ahead.
    has_expired = row.expiry_recorded_at is not None or (row.expires_at is not None and row.expires_at <= now)
    return "EXPIRED" if has_expired else "ACTIVE"
