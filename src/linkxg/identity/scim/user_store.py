"""The SQL of people as SCIM Users: `users` with what their identity provider said about them."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, Index, String, Table, Text, func, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.db.schema import Milliseconds, metadata
from linkxg.identity.accounts.store import users
from linkxg.identity.scim.model import MAX_EXTERNAL_ID, MAX_TEXT, ScimUser

scim_users = Table(
    "scim_users",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("external_id", String(MAX_EXTERNAL_ID)),
    Column("formatted", String(MAX_TEXT)),
    Column("given_name", String(MAX_TEXT)),
    Column("family_name", String(MAX_TEXT)),
    Column("display_name", String(MAX_TEXT)),
    Column("emails", Text),
    Column("updated_at", Milliseconds, nullable=False),
    Index("ix_scim_users_account_id_external_id", "account_id", "external_id"),
)
_COLUMNS = [users.c[name] if name in users.c else scim_users.c[name] for name in ScimUser.__struct_fields__]
_JOINED = users.outerjoin(scim_users, scim_users.c.user_id == users.c.id)


def find_scim_user(conn: Connection, account_id: str, user_id: str) -> ScimUser | None:
    query = select(*_COLUMNS).select_from(_JOINED).where(users.c.account_id == account_id, users.c.id == user_id)
    row = conn.execute(query).first()
    return None if row is None else ScimUser(*row)


def list_scim_users(
    conn: Connection, account_id: str, where: ColumnElement[bool] | None, *, offset: int, limit: int
) -> list[ScimUser]:
    """In the order of their ids."""
    query = select(*_COLUMNS).select_from(_JOINED).where(users.c.account_id == account_id)
    if where is not None:
        query = query.where(where)
    return [ScimUser(*row) for row in conn.execute(query.order_by(users.c.id).offset(offset).limit(limit))]


def count_scim_users(conn: Connection, account_id: str, where: ColumnElement[bool] | None) -> int:
    query = select(func.count()).select_from(_JOINED).where(users.c.account_id == account_id)
    return int(conn.execute(query if where is None else query.where(where)).scalar_one())


def update_scim_user(conn: Connection, account_id: str, user_id: str, **values: Any) -> None:
    """Store what the identity provider says, in place of what it said before."""
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    statement = insert(scim_users).values(account_id=account_id, user_id=user_id, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))
