"""Finds and lists people as SCIM Users (RFC 7644 §3.4)."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.identity.scim import user_store
from linkxg.identity.scim.filter_store import condition_of
from linkxg.identity.scim.filters import parse_filter
from linkxg.identity.scim.model import ScimUser
from linkxg.identity.scim.scim_errors import InvalidFilter

MAX_COUNT = 200
DEFAULT_COUNT = 100


class UserPage(NamedTuple):
    """`start` counts from 1 (RFC 7644 §3.4.2.4)."""

    users: list[ScimUser]
    start: int
    total: int


async def read_scim_user(database: Database, account_id: str, user_id: str) -> ScimUser:
    """Raises NotFound."""
    user = await database.read_single(user_store.find_scim_user, account_id, user_id)
    if user is None:
        raise NotFound
    return user


async def list_users(
    database: Database, account_id: str, *, filter_text: str | None, start: int | None, count: int | None
) -> UserPage:
    """A page in the order of the ids. Raises InvalidFilter."""
    condition = None
    if filter_text:
        condition = condition_of(parse_filter(filter_text))
        if condition is None:
            raise InvalidFilter
    first = max(1, start or 1)
    limit = DEFAULT_COUNT if count is None else min(MAX_COUNT, max(0, count))

    def unit(conn: Connection) -> UserPage:
        total = user_store.count_scim_users(conn, account_id, condition)
        # Beyond the end: no offset of absurd size reaches the database.
        reads = limit and first <= total
        found = user_store.list_scim_users(conn, account_id, condition, offset=first - 1, limit=limit) if reads else []
        return UserPage(found, first, total)

    return await database.read(unit)
