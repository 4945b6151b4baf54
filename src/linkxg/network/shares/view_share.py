"""Shares as their owner sees them."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from linkxg.clock import rfc3339, rfc3339_or_none
from linkxg.db.schema import AnyRow
from linkxg.network.connections.model import PartnerAccount
from linkxg.network.shares import store
from linkxg.network.shares.model import (
    STATUSES,
    Acknowledgement,
    AcknowledgementCounts,
    ProductAcknowledgement,
    ProductShare,
    Share,
    ShareStatus,
    ShareTerms,
)
from linkxg.network.shares.summary import COUNT_UP_TO, day, summarise


def view_share(conn: Connection, account_id: str, row: AnyRow, now: int) -> Share:
    """Inside a unit of work."""
    return view_shares(conn, account_id, [row], now)[0]


def view_shares(conn: Connection, account_id: str, rows: Sequence[AnyRow], now: int) -> list[Share]:
    """As `view_share`, of shares with one partner."""
    if not rows:
        return []
    answers = store.count_acknowledgements(conn, account_id, rows[0].viewer_id, {row.subject for row in rows})
    return [_view_share(conn, account_id, row, answers[row.subject], now) for row in rows]


def _view_share(conn: Connection, account_id: str, row: AnyRow, answers: Counter[str], now: int) -> Share:
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
    status = share_status(row, now)
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
        AcknowledgementCounts(*(answers[one] for one in STATUSES)),
        rfc3339(row.created_at),
        rfc3339_or_none(row.expires_at),
        rfc3339_or_none(row.withdrawn_at),
    )


def summarise_share(conn: Connection, account_id: str, terms: ShareTerms) -> str:
    return summarise(terms, store.count_published(conn, account_id, COUNT_UP_TO + 1, **store.covered_by(terms)))


def view_product_share(row: AnyRow, product_id: str) -> ProductShare:
    acknowledgement = None
    if row.acknowledgement_status is not None:
        acknowledgement = Acknowledgement(
            product_id,
            row.acknowledgement_version,
            row.acknowledgement_status,
            row.acknowledgement_reason,
            paths_of(row.acknowledgement_fields),
            rfc3339(row.acknowledgement_at),
        )
    return ProductShare(
        row.id,
        row.connection_id,
        PartnerAccount(row.viewer_id, row.name, row.slug),
        row.type,
        paths_of(row.fields),
        row.versions,
        rfc3339_or_none(row.expires_at),
        acknowledgement,
    )


def view_product_acknowledgement(row: AnyRow) -> ProductAcknowledgement:
    acknowledgement = Acknowledgement(
        row.product_id, row.version, row.status, row.reason, paths_of(row.fields), rfc3339(row.at)
    )
    return ProductAcknowledgement(row.sku, acknowledgement)


def paths_of(text: str | None) -> list[str] | None:
    return None if text is None else msgspec.json.decode(text)


def share_status(row: AnyRow, now: int) -> ShareStatus:
    if row.withdrawn_at is not None:
        return "WITHDRAWN"
    # Another node may have recorded the expiry by a clock that is ahead.
    has_expired = row.expiry_recorded_at is not None or (row.expires_at is not None and row.expires_at <= now)
    return "EXPIRED" if has_expired else "ACTIVE"
