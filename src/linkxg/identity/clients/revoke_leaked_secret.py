"""Revokes a client secret that was found in public, with every token of its client.

The client's next epoch begins, as tokens are revoked by client and not by secret. Its programs request new ones with
the secret that is left.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.identity.clients import store
from linkxg.identity.clients.model import Secret
from linkxg.identity.tokens.model import LEEWAY_S, LIFETIME_S
from linkxg.identity.tokens.revoke import invalidate_client

_TOKEN_LIFETIME_MS = (LIFETIME_S + LEEWAY_S) * 1_000


def revoke_leaked_secret(
    conn: Connection, actor: Actor, account_id: str, client_id: str, secret_id: str, url: str
) -> bool:
    """Inside a unit of work: false if the secret was reported before, or ended so long ago that no token of it lives.

    The last live secret is revoked too: whoever found it can use it.
    """
    client = store.find_account_client(conn, account_id, client_id, lock=True)
    secret = next((one for one in client.secrets if one.id == secret_id), None) if client else None
    if client is None or secret is None or secret.leak_url is not None:
        return False
    now = now_ms()
    is_live = secret.is_live(now)
    if not is_live and _ended_at(secret) <= now - _TOKEN_LIFETIME_MS:
        return False
    store.update_secret(conn, account_id, secret_id, leak_url=url, **({"revoked_at": now} if is_live else {}))
    epoch = client.epoch + 1
    store.update_client(conn, account_id, client_id, epoch=epoch)
    invalidate_client(conn, account_id, client_id, epoch)
    if is_live:
        audit.record(conn, account_id, actor, "client.secret_removed", client_id, {"secret_id": secret_id})
    return True


def _ended_at(secret: Secret) -> int:
    """Of a secret that is not live."""
    return min(at for at in (secret.revoked_at, secret.expires_at) if at is not None)
