"""Who changed which field of a product since a revision, from the newest audit events."""

from typing import NamedTuple

from linkxg.audit.list_events import list_events
from linkxg.audit.model import AuditEvent
from linkxg.db import Database
from linkxg.identity.accounts.manage_user import list_people

MAX_EVENTS = 200
"""Older changes, and those of an import, are attributed to "Somebody"."""
SOMEBODY = "Somebody"


class DraftChange(NamedTuple):
    """`fields` as in the API, without `content.`; empty if the whole draft was created or discarded."""

    by: str
    at: str
    fields: frozenset[str]


async def changes_since(database: Database, account_id: str, product_id: str, revision: int) -> list[DraftChange]:
    """Newest first."""
    events, _ = await list_events(database, account_id, before=None, limit=MAX_EVENTS)
    found = [event for event in events if event.target == product_id and _revision(event) > revision]
    if not found:
        return []
    names = {person.id: person.email for person in await list_people(database, account_id)}
    return [DraftChange(author_of(event, names), event.at, _fields(event)) for event in found]


def change_of(changes: list[DraftChange], name: str) -> DraftChange | None:
    """The last change of a field of the form, such as `category.code`."""
    member = name.partition(".")[0]
    return next((change for change in changes if not change.fields or member in change.fields), None)


def _revision(event: AuditEvent) -> int:
    revision = event.details.get("revision", 0)
    return revision if isinstance(revision, int) else 0


def _fields(event: AuditEvent) -> frozenset[str]:
    fields = event.details.get("fields", ())
    return frozenset(str(name).removeprefix("content.") for name in fields)


def author_of(event: AuditEvent, names: dict[str, str]) -> str:
    """The e-mail address of the actor; `names` are those of the account's people, by id."""
    if event.actor_kind == "client":
        return f"The client {event.actor_id}"
    return names.get(event.actor_id or "", SOMEBODY)
