"""Reapplies revocations to the rows of a restored backup.

What was ended, disabled or narrowed in the replaced database is ended, disabled or narrowed in the restored rows too.
What the backup had as live is recorded in the audit trail, so that a later restore of another backup knows it too.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.identity.accounts import store as people_store
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.roles import RANK
from linkxg.identity.client_assertions.store import delete_credential, list_credential_ids
from linkxg.identity.clients import certificate_store
from linkxg.identity.clients import store as client_store
from linkxg.identity.clients.model import Client, Secret
from linkxg.ops.access_state import AccessState


class ReappliedRevocations(NamedTuple):
    """Ids of what the backup had as live and is now ended or disabled, and how many others were narrowed."""

    ended: list[str]
    disabled: list[str]
    narrowed: int


def reapply_revocations(
    conn: Connection, account_id: str, old: AccessState, loaded: AccessState, now: int
) -> ReappliedRevocations:
    """Change the rows of the `loaded` account by what the state of the replaced database restricts further."""
    narrowed = 0
    for user in loaded.users.values():
        if user.id in old.ended:
            people_store.delete_user(conn, account_id, user.id)
        elif changes := _restrict_user(user, old, loaded):
            narrowed += not changes.keys() <= {"disabled"}
            people_store.update_user(conn, account_id, user.id, **changes)
    for client in loaded.clients.values():
        if client.id in old.ended:
            client_store.delete_client(conn, account_id, client.id)
            continue
        if changes := _restrict_client(client, old):
            narrowed += not changes.keys() <= {"disabled"}
            client_store.update_client(conn, account_id, client.id, **changes)
        for secret in client.secrets:
            if changes := _restrict_secret(secret, client.id, old, now):
                client_store.update_secret(conn, account_id, secret.id, **changes)
        for certificate in certificate_store.list_certificates(conn, account_id, client.id):
            if certificate.id in old.ended:
                certificate_store.delete_certificate(conn, account_id, client.id, certificate.id)
    for credential_id in list_credential_ids(conn, account_id):
        if credential_id in old.ended:
            delete_credential(conn, account_id, credential_id)
    _keep_an_owner(conn, account_id, old)
    return ReappliedRevocations(sorted(old.ended - loaded.ended), sorted(old.disabled - loaded.disabled), narrowed)


def epochs_ahead(old: AccessState | None, loaded: AccessState) -> int:
    """The number of epochs to advance, so that every token of either database has an earlier one."""
    if old is None:
        return 1
    people = [old.users[user.id].epoch - user.epoch for user in loaded.users.values() if user.id in old.users]
    clients = [old.clients[one.id].epoch - one.epoch for one in loaded.clients.values() if one.id in old.clients]
    return 1 + max(0, *people, *clients)


def _restrict_user(user: User, old: AccessState, loaded: AccessState) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    known = old.users.get(user.id)
    if user.id in old.disabled and not user.disabled:
        changes["disabled"] = True
    if known is not None and RANK[known.role] < RANK[user.role]:
        changes["role"] = known.role
    # The password that was changed last is the valid one.
    later = old.password_changed_at.get(user.id, 0) >= loaded.password_changed_at.get(user.id, 0)
    if known is not None and later and known.password_hash != user.password_hash:
        changes["password_hash"] = known.password_hash
    return changes


def _restrict_client(client: Client, old: AccessState) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    known = old.clients.get(client.id)
    if client.id in old.disabled and not client.disabled:
        changes["disabled"] = True
    if known is not None and client.scopes - known.scopes:
        changes["scopes"] = client.scopes & known.scopes
    if known is not None and known.cidrs and known.cidrs != client.cidrs:
        changes["cidrs"] = known.cidrs
    if known is not None and client.methods - known.methods:
        # The methods of before, if the replaced database has taken away all that the backup has.
        changes["methods"] = client.methods & known.methods or known.methods
    for option in ("dpop_bound", "certificate_bound"):
        if known is not None and getattr(known, option) and not getattr(client, option):
            changes[option] = True
    if known is not None and client.self_rotation and not known.self_rotation:
        changes["self_rotation"] = False
    return changes


def _restrict_secret(secret: Secret, client_id: str, old: AccessState, now: int) -> dict[str, Any]:
    if secret.revoked_at is not None:
        return {}
    if secret.id in old.ended:
        return {"revoked_at": now}
    known = old.clients.get(client_id)
    until = next((one.expires_at for one in known.secrets if one.id == secret.id), None) if known else None
    if until is not None and (secret.expires_at is None or until < secret.expires_at):
        return {"expires_at": until}
    return {}


def _keep_an_owner(conn: Connection, account_id: str, old: AccessState) -> None:
    """If the restrictions of both databases leave the account without an Owner, those of `old` stay Owners."""
    people = people_store.list_users(conn, account_id)
    if any(user.role == "OWNER" and not user.disabled for user in people):
        return
    present = {user.id for user in people}
    for owner in old.users.values():
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
