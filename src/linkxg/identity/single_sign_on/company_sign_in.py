"""The sign-in of the company, as one of its people has it."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.identity.federation.store import find_provider
from linkxg.identity.single_sign_on.store import find_linked_at


class CompanySignIn(NamedTuple):
    """The provider of the account; `linked_at`, in milliseconds, is None until an identity there is linked."""

    issuer: str
    linked_at: int | None


async def read_company_sign_in(database: Database, account_id: str, user_id: str) -> CompanySignIn | None:
    """None if the account has no identity provider."""

    def unit(conn: Connection) -> CompanySignIn | None:
        provider = find_provider(conn, account_id)
        if provider is None:
            return None
        return CompanySignIn(provider.issuer, find_linked_at(conn, account_id, provider.issuer, user_id))

    return await database.read(unit)
