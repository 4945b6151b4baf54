"""Who last changed each setting of a client, from the newest audit events."""

from collections.abc import Iterable

from linkxg.audit.list_events import list_events
from linkxg.console.formatting import ago_rfc3339
from linkxg.console.product_changes import MAX_EVENTS, SOMEBODY, DraftChange, author_of, change_of
from linkxg.db import Database
from linkxg.identity.accounts.manage_user import list_people

_MEMBERS = {"name": "name", "ranges": "cidrs", "self_rotation": "self_rotation", "scope": "scopes"}
"""The name of each setting in the form and in audit events."""


async def settings_changes(database: Database, account_id: str, client_id: str) -> list[DraftChange]:
    """Newest first."""
    events, _ = await list_events(database, account_id, before=None, limit=MAX_EVENTS, action="client.updated")
    found = [event for event in events if event.target == client_id]
    names = {person.id: person.email for person in await list_people(database, account_id)} if found else {}
    return [DraftChange(author_of(event, names), event.at, frozenset(event.details)) for event in found]


def authors_of(changes: list[DraftChange], fields: Iterable[str]) -> str:
    """`A and B`, who changed these fields last; "Somebody else" if no event names them."""
    found = [change_of(changes, _MEMBERS[field]) for field in fields]
    names = dict.fromkeys(change.by if change and change.by != SOMEBODY else "Somebody else" for change in found)
    return " and ".join(names)


def last_changes(changes: list[DraftChange], fields: Iterable[str]) -> dict[str, str]:
    """`{"name": "anna@example.com, 3 min ago"}`, for fields whose author is known."""
    found = {field: change_of(changes, _MEMBERS[field]) for field in fields}
    return {
        field: f"{change.by}, {ago_rfc3339(change.at)}"
        for field, change in found.items()
        if change is not None and change.by != SOMEBODY
    }
