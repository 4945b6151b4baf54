"""Requests about recalls and the notices of partners."""

from __future__ import annotations

from collections.abc import Sequence

from linkxg_client.call import Call, body, key, one, params, path
from linkxg_client.models.recalls import NoticeItem, Recall, RecallNotice
from linkxg_client.pages import PageCall, page_of

READ = "traceability:read"
WRITE = "connections:write traceability:read"
_RECALLS = ("traceability", "recalls")
_NOTICES = ("traceability", "recall-notices")


def list_recalls(limit: int | None = None) -> PageCall[Recall]:
    """The recalls of the account, newest first."""
    return lambda cursor: Call("GET", path(*_RECALLS), READ, page_of(Recall), params(limit=limit, cursor=cursor))


def get(recall_id: str) -> Call[Recall]:
    """A recall with its recipients, and who has acknowledged."""
    return Call("GET", path(*_RECALLS, recall_id), READ, one(Recall))


def announce(
    reason: str,
    items: Sequence[str] | None = None,
    *,
    instructions: str | None = None,
    connection_ids: Sequence[str] | None = None,
    notice_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Recall]:
    """Record a recall and notify the partners who received affected items; with `notice_id`, pass a notice on."""
    made = body(reason=reason, items=items, instructions=instructions, connection_ids=connection_ids,
                notice_id=notice_id)  # fmt: skip
    return Call("POST", path(*_RECALLS), WRITE, one(Recall), headers=key(idempotency_key), json=made)


def withdraw(recall_id: str, reason: str | None = None) -> Call[Recall]:
    """Withdraw a recall; its notices say so."""
    return Call("POST", path(*_RECALLS, recall_id, "withdraw"), WRITE, one(Recall), json=body(reason=reason))


def remind(recall_id: str) -> Call[Recall]:
    """Mail the partners who have not acknowledged once more."""
    return Call("POST", path(*_RECALLS, recall_id, "remind"), WRITE, one(Recall))


def acknowledge_for(recall_id: str, recipient_id: str, note: str | None = None) -> Call[Recall]:
    """Record the acknowledgement of a recipient who was not notified."""
    address = path(*_RECALLS, recall_id, "recipients", recipient_id, "acknowledge")
    return Call("POST", address, WRITE, one(Recall), json=body(note=note))


def list_recipient_items(recall_id: str, recipient_id: str, limit: int | None = None) -> PageCall[NoticeItem]:
    """All affected items that a recipient received."""
    address = path(*_RECALLS, recall_id, "recipients", recipient_id, "items")
    return lambda cursor: Call("GET", address, READ, page_of(NoticeItem), params(limit=limit, cursor=cursor))


def list_notices(waiting: bool | None = None, limit: int | None = None) -> PageCall[RecallNotice]:
    """The recalls of partners that concern the account; with `waiting`, those to acknowledge."""
    asked = params(waiting=waiting, limit=limit)
    return lambda cursor: Call("GET", path(*_NOTICES), READ, page_of(RecallNotice), asked | params(cursor=cursor))


def get_notice(notice_id: str) -> Call[RecallNotice]:
    """One of them."""
    return Call("GET", path(*_NOTICES, notice_id), READ, one(RecallNotice))


def list_notice_items(notice_id: str, limit: int | None = None) -> PageCall[NoticeItem]:
    """All affected items that the account received."""
    address = path(*_NOTICES, notice_id, "items")
    return lambda cursor: Call("GET", address, READ, page_of(NoticeItem), params(limit=limit, cursor=cursor))


def acknowledge(notice_id: str, note: str | None = None) -> Call[RecallNotice]:
    """Acknowledge a notice."""
    return Call("POST", path(*_NOTICES, notice_id, "acknowledge"), WRITE, one(RecallNotice), json=body(note=note))
