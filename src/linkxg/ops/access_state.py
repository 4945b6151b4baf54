"""The access state of an account's people and clients: live rights, and what was revoked for good."""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.audit.store import list_actions
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.store import list_users
from linkxg.identity.clients.model import Client
from linkxg.identity.clients.store import list_clients

RESTORED = "service.restored"
_TELLING = (
    "user.removed",
    "client.deleted",
    "client.secret_rotated",
    "client.secret_removed",
    "password.changed",
    RESTORED,
)
_PAGE = 500


class AccessState(NamedTuple):
    """Of one account. `ended` and `disabled` hold ids of people, clients and (ended only) secrets.

    `passwords` says when each person last changed theirs, in milliseconds.
    """

    users: dict[str, User]
    clients: dict[str, Client]
    ended: frozenset[str]
    disabled: frozenset[str]
    passwords: dict[str, int]


def read_access_state(conn: Connection, account_id: str, now: int) -> AccessState:
    """What this database knows: from the rows, and from the trail where rows are gone."""
    users = {user.id: user for user in list_users(conn, account_id)}
    clients = {client.id: client for client in _clients(conn, account_id)}
    secrets = {secret.id: secret for client in clients.values() for secret in client.secrets}
    ended = {secret.id for secret in secrets.values() if not secret.is_live(now)}
    disabled = {user.id for user in users.values() if user.disabled}
    disabled |= {client.id for client in clients.values() if client.disabled}
    passwords: dict[str, int] = {}
    for event in list_actions(conn, account_id, _TELLING):
        details: dict[str, Any] = msgspec.json.decode(event.details)
        if event.action == "password.changed":
            passwords[event.target] = event.at
        elif event.action in ("user.removed", "client.deleted"):
            ended.add(event.target)
        elif event.action == RESTORED:
            ended.update(details["ended"])
            disabled.update(set(details["disabled"]) - users.keys() - clients.keys())
        else:
            # A secret of the trail without a row was purged, which only happens to dead ones.
            named = details["previous"] if event.action == "client.secret_rotated" else [details["secret_id"]]
            ended.update(secret_id for secret_id in named if secret_id not in secrets)
    return AccessState(users, clients, frozenset(ended), frozenset(disabled), passwords)


def _clients(conn: Connection, account_id: str) -> list[Client]:
    found: list[Client] = []
    while page := list_clients(conn, account_id, after=found[-1].id if found else "", limit=_PAGE):
        found += page
    return found
