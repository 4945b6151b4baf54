"""Appends an event to the hash chain of its account.

In the transaction of the recorded change, so that either both exist or neither. Each hash covers the previous one: an
altered, removed or inserted row breaks every later link.
"""

import hashlib
from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg.audit import store
from linkxg.audit.model import Actor
from linkxg.clock import now_ms


def record(
    conn: Connection,
    account_id: str,
    actor: Actor,
    action: str,
    target: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Append one event to the chain of `account_id`; `details` must never hold a secret."""
    if actor.label is not None:
        details = {**(details or {}), "token_name": actor.label}
    seq, previous = store.take_next(conn, account_id)
    values = {
        "seq": seq,
        "at": now_ms(),
        "action": action,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "target": target,
        "source": actor.source,
        "request_id": actor.request_id,
        "secret_id": actor.secret_id,
        "details": msgspec.json.encode(details or {}, order="sorted").decode(),
    }
    store.insert_event(conn, account_id, {**values, "hash": chain_hash(previous, account_id, values)})


def record_both(
    conn: Connection,
    actor: Actor,
    account_id: str,
    partner_id: str,
    action: str,
    target: str,
    details: dict[str, Any],
    partner_details: dict[str, Any] | None = None,
) -> None:
    """Append an event of the account to the chains of both sides, which are locked.

    The partner's event names the account, and not the person. Its details are the same unless others are given.
    """
    record(conn, account_id, actor, action, target, details)
    record(
        conn, partner_id, actor.as_partner(), action, target, details if partner_details is None else partner_details
    )


def lock_chains(conn: Connection, account_id: str, partner_id: str) -> None:
    """Lock two chains before either is written to, so that a transaction cannot deadlock with its mirror."""
    store.lock_heads(conn, account_id, partner_id)


def chain_hash(previous: bytes, account_id: str, values: dict[str, Any]) -> bytes:
    """SHA-256 over the previous hash and the row as canonical JSON."""
    row = msgspec.json.encode([account_id, values], order="sorted")
    return hashlib.sha256(previous + row).digest()
