"""Finds the keys of an issuer of this service."""

from sqlalchemy import Connection

from linkxg.db.schema import AnyRow
from linkxg.identity.accounts.slug_store import find_account_by_slug
from linkxg.network.passports.signing import store


def find_issuer_keys(conn: Connection, slug: str) -> list[AnyRow] | None:
    """Every key by which the account with this slug has signed; None without such an account, or keys of it."""
    account_id = find_account_by_slug(conn, slug)
    return (store.list_keys(conn, account_id) or None) if account_id is not None else None
