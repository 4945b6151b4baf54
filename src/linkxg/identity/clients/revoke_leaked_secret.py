"""Revokes a client secret that was found in public, with what was made by it: tokens, and secrets by rotation.

Whoever has read a secret can rotate it by a token of its own, and would keep the new one. So the secrets that the
client itself made by the leaked one, or by one of those, are revoked too; those of an Owner or Admin stay. The client's
next epoch begins, as tokens are revoked by client and not by secret. Its programs request new ones with a secret that
is left.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.identity.clients import store
from linkxg.identity.clients.model import Client, Secret
from linkxg.identity.tokens.model import LEEWAY_S, LIFETIME_S
from linkxg.identity.tokens.revoke import invalidate_client

_TOKEN_LIFETIME_MS = (LIFETIME_S + LEEWAY_S) * 1_000


class RevokedSecret(NamedTuple):
    """`was_live` is false if it had ended before; `successors` are the ids of secrets that were revoked with it."""

    was_live: bool
    successors: tuple[str, ...]


def revoke_leaked_secret(
    conn: Connection, actor: Actor, account_id: str, client_id: str, secret_id: str, url: str
) -> RevokedSecret | None:
    """Inside a unit of work: None if the secret was reported before.

    The last live secret is revoked too: whoever found it can use it.
    """
    client = store.find_account_client(conn, account_id, client_id, lock=True)
    secret = next((one for one in client.secrets if one.id == secret_id), None) if client else None
    if client is None or secret is None or secret.leak_url is not None:
        return None
    now = now_ms()
    chain = [secret, *_successors(client, secret_id)]
    live = [one for one in chain if one.is_live(now)]
    store.update_secret(conn, account_id, secret_id, leak_url=url)
    for one in live:
        store.update_secret(conn, account_id, one.id, revoked_at=now)
    if any(one.is_live(now) or _ended_at(one) > now - _TOKEN_LIFETIME_MS for one in chain):
        epoch = client.epoch + 1
        store.update_client(conn, account_id, client_id, epoch=epoch)
        invalidate_client(conn, account_id, client_id, epoch)
    for one in live:
        audit.record(conn, account_id, actor, "client.secret_removed", client_id, {"secret_id": one.id})
    return RevokedSecret(secret in live, tuple([one.id for one in live if one is not secret]))


def _successors(client: Client, secret_id: str) -> list[Secret]:
    """The secrets that the client made by this one, and by those in turn. A secret is older than its successors."""
    known, found = {secret_id}, []
    for one in client.secrets:
        if one.rotated_by in known:
            known.add(one.id)
            found.append(one)
    return found


def _ended_at(secret: Secret) -> int:
    """Of a secret that is not live."""
    return min(at for at in (secret.revoked_at, secret.expires_at) if at is not None)
