"""Describes the caller: person, role, account, scopes."""

from typing import Any, ClassVar

import msgspec
from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.errors import InvalidToken
from linkxg.identity.accounts.email_changes import EmailChangeView, waiting_email_change
from linkxg.identity.accounts.model import AccountView
from linkxg.identity.accounts.read_account import account_view
from linkxg.identity.accounts.store import find_account, find_user
from linkxg.identity.tokens.scopes import ROLE_SCOPES, SCOPES


class Me(msgspec.Struct, rename="camel"):
    """A person, their role and account, and the scopes of the role.

    Name, language (BCP 47) and time zone (IANA) are null until the person sets them. `email_change` waits for
    confirmation.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Ada Weaver",
        "language": "de-CH",
        "timeZone": "Europe/Zurich",
        "scopes": ["products:read", "connections:read"],
    }

    id: str
    email: str
    name: str | None
    language: str | None
    time_zone: str | None
    email_change: EmailChangeView | None
    role: str
    account: AccountView
    scopes: list[str]


async def who_am_i(database: Database, account_id: str, user_id: str) -> Me:
    """Raises InvalidToken if the person has been removed."""

    def unit(conn: Connection) -> Me | None:
        user, account = find_user(conn, account_id, user_id), find_account(conn, account_id)
        if user is None or account is None:
            return None
        role_scopes = ROLE_SCOPES[user.role]
        view = account_view(account)
        return Me(
            user.id,
            user.email,
            user.name,
            user.language,
            user.time_zone,
            waiting_email_change(conn, account_id, user_id),
            user.role,
            view,
            [scope for scope in SCOPES if scope in role_scopes],
        )

    me = await database.read(unit)
    if me is None:
        raise InvalidToken(reason="person removed")
    return me
