"""The SQL that keeps a way into an account whose people sign in by its identity provider only."""

from sqlalchemy import Boolean, Connection, String, column, exists, select, table

# Only the columns needed here: the tables are defined in a package that depends on this one.
identity_providers = table("identity_providers", column("account_id", String), column("sso_only", Boolean))
break_glass_owners = table("break_glass_owners", column("account_id", String), column("user_id", String))
users = table("users", column("id", String), column("role", String), column("disabled", Boolean))


def is_sso_only(conn: Connection, account_id: str) -> bool:
    """Whether the people of the account sign in by its identity provider only."""
    query = select(identity_providers.c.account_id).where(
        identity_providers.c.account_id == account_id, identity_providers.c.sso_only.is_(True)
    )
    return conn.execute(query).first() is not None


def is_last_break_glass_owner(conn: Connection, account_id: str, user_id: str) -> bool:
    """Whether nobody else could sign in to the account if its identity provider failed."""
    chosen = break_glass_owners.c.account_id == account_id
    others = exists().where(
        chosen,
        break_glass_owners.c.user_id != user_id,
        users.c.id == break_glass_owners.c.user_id,
        users.c.role == "OWNER",
        users.c.disabled.is_(False),
    )
    query = select(identity_providers.c.account_id).where(
        identity_providers.c.account_id == account_id,
        identity_providers.c.sso_only.is_(True),
        exists().where(chosen, break_glass_owners.c.user_id == user_id),
        ~others,
    )
    return conn.execute(query).first() is not None
