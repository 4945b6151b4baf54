"""Creates an account with its first Owner, from the command line."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.audit.store import insert_head
from linkxg.clock import now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import Conflict
from linkxg.identity.accounts import store
from linkxg.identity.accounts.model import check_account_name, email_key
from linkxg.identity.accounts.password_rules import check_new_password
from linkxg.identity.accounts.slug import slug_from, with_suffix
from linkxg.ids import uuid7

CLI = Actor("cli", None, None, "cli", "-")


async def create_account(
    database: Database, passwords: Passwords, *, name: str, owner_email: str, password: str, additional: bool = False
) -> tuple[str, str]:
    """(account id, Owner's id).

    Raises InvalidRequest for the name or the address, and Conflict where an account exists, unless `additional`, or the
    e-mail is taken.
    """
    check_account_name(name)
    key = email_key(owner_email)
    check_new_password(password, name, owner_email)
    password_hash = await passwords.hash(password)
    account_id, owner_id = uuid7(), uuid7()

    def unit(conn: Connection) -> str | None:
        if not additional and store.count_accounts(conn):
            return "An account already exists; use --additional to add one more."
        if store.find_user_by_email(conn, key) is not None:
            return "This e-mail address is in use."
        now = now_ms()
        slug = slug_from(name)
        store.insert_account(conn, account_id, name, now, with_suffix(slug) if store.is_slug_used(conn, slug) else slug)
        insert_head(conn, account_id)
        store.insert_user(
            conn,
            account_id,
            id=owner_id,
            email=owner_email,
            email_key=key,
            role="OWNER",
            password_hash=password_hash,
            created_at=now,
        )
        audit.record(conn, account_id, CLI, "account.created", account_id, {"name": name, "owner": owner_id})
        return None

    refused = await database.write(unit)
    if refused:
        raise Conflict(refused)
    return account_id, owner_id
