"""Describes an account to its people."""

from linkxg.clock import rfc3339, rfc3339_or_none
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.identity.accounts import store
from linkxg.identity.accounts.model import AccountView


async def read_account(database: Database, account_id: str) -> AccountView:
    row = await database.read_single(store.find_account, account_id)
    if row is None:
        raise NotFound
    return account_view(row)


def account_view(row: AnyRow) -> AccountView:
    return AccountView(
        row.id,
        row.name,
        row.slug,
        row.gln,
        rfc3339(row.created_at),
        row.mfa_requirement,
        rfc3339_or_none(row.mfa_required_from),
        row.step_up_minutes,
    )
