"""The SQL of who keeps their password in an account whose people sign in by its identity provider only.

These are the Owners that the account has chosen for the case that the provider fails (break-glass).
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Exists,
    Select,
    String,
    bindparam,
    column,
    exists,
    select,
    table,
)

from linkxg.db.compiled import CompiledStatement

# Only the columns needed here: the tables are defined in a package that depends on this one.
identity_providers = table("identity_providers", column("account_id", String), column("sso_only", Boolean))
break_glass_owners = table("break_glass_owners", column("account_id", String), column("user_id", String))
users = table("users", column("id", String), column("role", String), column("disabled", Boolean))


def _sso_only(account: Any) -> Select[Any]:
    """A row if the account signs in by its provider only; `account` is an id, or a parameter."""
    return select(identity_providers.c.account_id).where(
        identity_providers.c.account_id == account, identity_providers.c.sso_only.is_(True)
    )


def _keeps_password(account: Any, *which: ColumnElement[bool]) -> Exists:
    """Whether an Owner was chosen for whom `which` holds. Whoever is no Owner any more keeps no password."""
    return exists().where(
        break_glass_owners.c.account_id == account,
        users.c.id == break_glass_owners.c.user_id,
        users.c.role == "OWNER",
        *which,
    )


_PASSWORD_REFUSED = CompiledStatement(
    _sso_only(bindparam("account")).where(
        ~_keeps_password(bindparam("account"), break_glass_owners.c.user_id == bindparam("user"))
    )
)


def is_sso_only(conn: Connection, account_id: str) -> bool:
    """Whether the people of the account sign in by its identity provider only."""
    return conn.execute(_sso_only(account_id)).first() is not None


def find_password_refusal(conn: Connection, account_id: str, user_id: str) -> bool:
    """Whether the account signs in by its provider only, and the person is no Owner who keeps their password."""
    return _PASSWORD_REFUSED.first(conn, {"account": account_id, "user": user_id}) is not None


def is_last_break_glass_owner(conn: Connection, account_id: str, user_id: str) -> bool:
    """Whether nobody else could sign in to the account if its identity provider failed."""
    is_chosen = exists().where(break_glass_owners.c.account_id == account_id, break_glass_owners.c.user_id == user_id)
    others = _keeps_password(account_id, break_glass_owners.c.user_id != user_id, users.c.disabled.is_(False))
    return conn.execute(_sso_only(account_id).where(is_chosen, ~others)).first() is not None
