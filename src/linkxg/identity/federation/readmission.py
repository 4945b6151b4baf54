"""What the account's identity provider does for its people: sign them in, and bring back who was removed."""

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.identity.accounts.model import email_key, is_email
from linkxg.identity.federation.model import domain_of
from linkxg.identity.federation.store import find_provider, find_verified_domain


def has_provider(conn: Connection, account_id: str) -> bool:
    """Inside a unit of work: whether the account has an identity provider."""
    return find_provider(conn, account_id) is not None


async def readmits(database: Database, account_id: str, email: str) -> bool:
    """If the account has a provider and has verified the domain; disabled, a person stays out."""

    def unit(conn: Connection) -> bool:
        if not is_email(email) or find_provider(conn, account_id) is None:
            return False
        return find_verified_domain(conn, account_id, domain_of(email_key(email))) is not None

    return await database.read(unit)
