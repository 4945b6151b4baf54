"""Adds and deletes passkeys, inside the unit of work that changes the factors of their person."""

from sqlalchemy import Connection

from linkxg.identity.passkeys import store
from linkxg.identity.passkeys.model import Passkey


def add_passkey(conn: Connection, account_id: str, passkey: Passkey) -> bool:
    """False if the credential is registered already, in any account."""
    return store.insert_passkey(conn, account_id, passkey)


def delete_passkey(conn: Connection, account_id: str, user_id: str, passkey_id: str) -> bool:
    """False if the person has no such passkey."""
    return store.delete_passkey(conn, account_id, user_id, passkey_id)


def delete_passkeys(conn: Connection, account_id: str, user_id: str) -> int:
    """Delete every passkey of a person; returns how many."""
    return store.delete_passkeys(conn, account_id, user_id)
