"""The access state of an account: its people and clients, and what was revoked, disabled, deleted or withdrawn."""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.audit.store import list_actions
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.store import list_users
from linkxg.identity.clients.model import Client
from linkxg.identity.clients.store import list_clients
from linkxg.ops.ended_sharing import ENDING_ACTIONS, EndedSharing, read_ended_sharing

RESTORED = "service.restored"
_ENDING_ACTIONS = ("user.removed", "client.deleted", *ENDING_ACTIONS)
_ACTIONS = (
    *_ENDING_ACTIONS,
    "client.secret_rotated",
    "client.secret_removed",
    "client.certificate_removed",
    "client.key_removed",
    "client.trust_removed",
    "password.changed",
    RESTORED,
)
_PAGE_SIZE = 500


class AccessState(NamedTuple):
    """`disabled` holds ids of people and clients; `ended` of these, secrets, connections, shares and requests.

    `password_changed_at` is in milliseconds, by person.
    """

    users: dict[str, User]
    clients: dict[str, Client]
    ended: frozenset[str]
    disabled: frozenset[str]
    password_changed_at: dict[str, int]
    sharing: EndedSharing


def read_access_state(conn: Connection, account_id: str, now: int) -> AccessState:
    """Read the state from the rows, and from the audit trail where rows are deleted."""
    users = {user.id: user for user in list_users(conn, account_id)}
    clients = {client.id: client for client in _clients(conn, account_id)}
    secrets = {secret.id: secret for client in clients.values() for secret in client.secrets}
    sharing = read_ended_sharing(conn, account_id)
    ended = sharing.ids | {secret.id for secret in secrets.values() if not secret.is_live(now)}
    disabled = {user.id for user in users.values() if user.disabled}
    disabled |= {client.id for client in clients.values() if client.disabled}
    password_changed_at: dict[str, int] = {}
    for event in list_actions(conn, account_id, _ACTIONS):
        details: dict[str, Any] = msgspec.json.decode(event.details)
        if event.action == "password.changed":
            password_changed_at[event.target] = event.at
        elif "credential_id" in details:
            ended.add(details["credential_id"])
        elif event.action in _ENDING_ACTIONS:
            ended.add(event.target)
        elif event.action == "client.certificate_removed":
            ended.add(details["certificate_id"])
        elif event.action == RESTORED:
            ended.update(details["ended"])
            disabled.update(set(details["disabled"]) - users.keys() - clients.keys())
        else:
            # A secret without a row was purged, which only happens to revoked and expired ones.
            secret_ids = details["previous"] if event.action == "client.secret_rotated" else [details["secret_id"]]
            ended.update(secret_id for secret_id in secret_ids if secret_id not in secrets)
    return AccessState(users, clients, frozenset(ended), frozenset(disabled), password_changed_at, sharing)


def _clients(conn: Connection, account_id: str) -> list[Client]:
    found: list[Client] = []
    while page := list_clients(conn, account_id, after=found[-1].id if found else "", limit=_PAGE_SIZE):
        found += page
    return found
