"""Seals the secrets of authenticator apps with a new server key, when all keys are replaced."""

from sqlalchemy import Connection

from linkxg.crypto.seal import seal, unseal
from linkxg.identity.factors import totp_store
from linkxg.identity.factors.totp import seal_purpose


def reseal_secrets(conn: Connection, old_key: bytes, new_key: bytes) -> None:
    """Inside the transaction that replaces the keys.

    A secret that the old key cannot open stays as it is: the person still has a second factor, and signs in by a
    recovery code or after a reset, never without one.
    """
    for row in totp_store.list_secrets(conn):
        secret = unseal(old_key, seal_purpose(row.id), row.secret)
        if secret is not None:
            totp_store.update_secret(conn, row.account_id, row.id, seal(new_key, seal_purpose(row.id), secret))
