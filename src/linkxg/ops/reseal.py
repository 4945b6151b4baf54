"""Seals all secrets with a new server key, when all keys are replaced."""

from sqlalchemy import Connection

from linkxg.identity.factors import reseal as factors
from linkxg.network.epcis.subscriptions import store
from linkxg.network.epcis.subscriptions.signature import reseal
from linkxg.network.passports.signing.issuer_keys import reseal_keys


def reseal_secrets(conn: Connection, old_key: bytes, new_key: bytes) -> None:
    """Inside the transaction that replaces the keys. What the old key cannot open stays as it is."""
    factors.reseal_secrets(conn, old_key, new_key)
    reseal_keys(conn, old_key, new_key)
    for account_id, id, sealed in store.list_secrets(conn):
        if (resealed := reseal(old_key, new_key, id, sealed)) is not None:
            store.update_subscription(conn, account_id, id, {"sealed_secret": resealed})
