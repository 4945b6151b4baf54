"""Reapplies revocations to the rows of a restored backup.

What the replaced database knew as ended, disabled or narrowed is applied to the rows of the backup (security bar R3).
What of it the backup knew as live is written into the trail, so a later restore of another backup knows it too.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.identity.accounts import store as people_store
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.roles import RANK
from linkxg.identity.clients import store as client_store
from linkxg.identity.clients.model import Client, Secret
from linkxg.ops.access_state import AccessState


class ReappliedRevocations(NamedTuple):
    """What stayed taken away: ids of the dead and the disabled that the backup knew as live, and how many others."""

    ended: list[str]
    disabled: list[str]
    narrowed: int


def reapply_revocations(
    conn: Connection, account_id: str, was: AccessState, loaded: AccessState, now: int
) -> ReappliedRevocations:
    """Apply to the rows of the account just `loaded` whatever the replaced database had ended, disabled or narrowed."""
    narrowed = 0
    for user in loaded.users.values():
        if user.id in was.ended:
            people_store.delete_user(conn, account_id, user.id)
        elif changes := _cut_user(user, was, loaded):
            narrowed += not changes.keys() <= {"disabled"}
            people_store.update_user(conn, account_id, user.id, **changes)
    for client in loaded.clients.values():
        if client.id in was.ended:
            client_store.delete_client(conn, account_id, client.id)
            continue
        if changes := _cut_client(client, was):
            narrowed += not changes.keys() <= {"disabled"}
            client_store.update_client(conn, account_id, client.id, **changes)
        for secret in client.secrets:
            if changes := _cut_secret(secret, client.id, was, now):
                client_store.update_secret(conn, account_id, secret.id, **changes)
    _keep_an_owner(conn, account_id, was)
    return ReappliedRevocations(sorted(was.ended - loaded.ended), sorted(was.disabled - loaded.disabled), narrowed)


def epochs_ahead(was: AccessState | None, loaded: AccessState) -> int:
    """How many epochs to move on, so that every token of either database is of an earlier one."""
    if was is None:
        return 1
    people = [was.users[user.id].epoch - user.epoch for user in loaded.users.values() if user.id in was.users]
    clients = [was.clients[one.id].epoch - one.epoch for one in loaded.clients.values() if one.id in was.clients]
    return 1 + max(0, *people, *clients)


def _cut_user(user: User, was: AccessState, loaded: AccessState) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    known = was.users.get(user.id)
    if user.id in was.disabled and not user.disabled:
        changes["disabled"] = True
    if known is not None and RANK[known.role] < RANK[user.role]:
        changes["role"] = known.role
    # The later change is the live password; the earlier one was given up.
    later = was.passwords.get(user.id, 0) >= loaded.passwords.get(user.id, 0)
    if known is not None and later and known.password_hash != user.password_hash:
        changes["password_hash"] = known.password_hash
    return changes


def _cut_client(client: Client, was: AccessState) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    known = was.clients.get(client.id)
    if client.id in was.disabled and not client.disabled:
        changes["disabled"] = True
    if known is not None and client.scopes - known.scopes:
        changes["scopes"] = client.scopes & known.scopes
    if known is not None and known.cidrs and known.cidrs != client.cidrs:
        changes["cidrs"] = known.cidrs
    if known is not None and client.self_rotation and not known.self_rotation:
        changes["self_rotation"] = False
    return changes


def _cut_secret(secret: Secret, client_id: str, was: AccessState, now: int) -> dict[str, Any]:
    if secret.revoked_at is not None:
        return {}
    if secret.id in was.ended:
        return {"revoked_at": now}
    known = was.clients.get(client_id)
    until = next((one.expires_at for one in known.secrets if one.id == secret.id), None) if known else None
    if until is not None and (secret.expires_at is None or until < secret.expires_at):
        return {"expires_at": until}
    return {}


def _keep_an_owner(conn: Connection, account_id: str, was: AccessState) -> None:
    """Cuts of two databases together must not leave an account without an Owner: then those of `was` stay Owners."""
    people = people_store.list_users(conn, account_id)
    if any(user.role == "OWNER" and not user.disabled for user in people):
        return
    present = {user.id for user in people}
    for owner in was.users.values():
        if owner.role != "OWNER" or owner.disabled:
            continue
        if owner.id in present:
            people_store.update_user(conn, account_id, owner.id, role="OWNER", disabled=False)
        else:
            people_store.insert_user(
                conn,
                account_id,
                id=owner.id,
                email=owner.email,
                email_key=email_key(owner.email),
                role="OWNER",
                password_hash=owner.password_hash,
                created_at=owner.created_at,
            )
