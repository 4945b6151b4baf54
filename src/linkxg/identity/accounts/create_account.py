"""Creates an account with its first Owner."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.audit.store import insert_head
from linkxg.clock import now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import Conflict, InvalidRequest, ValidationFailed
from linkxg.http.schema_errors import FieldFault
from linkxg.identity.accounts import store
from linkxg.identity.accounts.model import check_account_name, email_key
from linkxg.identity.accounts.password_rules import check_new_password
from linkxg.identity.accounts.slug import slug_from, with_suffix
from linkxg.identity.accounts.slug_store import claim_slug
from linkxg.ids import uuid7

CLI = Actor("cli", None, None, "cli", "-")
EMAIL_IN_USE = "This e-mail address is in use."


class NewOwner(NamedTuple):
    """The first person of a new account."""

    id: str
    email: str
    email_key: str
    password_hash: str


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
    owner = NewOwner(owner_id, owner_email, key, password_hash)

    def unit(conn: Connection) -> str | None:
        if not additional and store.count_accounts(conn):
            return "An account already exists; use --additional to add one more."
        if not add_account(conn, account_id, CLI, name, owner):
            return EMAIL_IN_USE
        return None

    refused = await database.write(unit)
    if refused:
        raise Conflict(refused)
    return account_id, owner_id


def check_new_account(name: str, password: str, email: str) -> None:
    """Raises ValidationFailed with every fault of what a new Owner has typed."""
    faults: list[FieldFault] = []
    try:
        check_account_name(name)
    except InvalidRequest as error:
        faults.append({"field": "accountName", "code": "invalid", "message": error.description})
    try:
        check_new_password(password, name, email)
    except ValidationFailed as error:
        faults.extend(error.details or [])
    if faults:
        raise ValidationFailed(details=faults)


def add_account(conn: Connection, account_id: str, actor: Actor, name: str, owner: NewOwner) -> bool:
    """Insert an account and its first Owner; false if the e-mail address is in use. All values have been checked."""
    if store.find_user_by_email(conn, owner.email_key) is not None:
        return False
    # Another transaction may take the address meanwhile: then no account without an Owner is left.
    savepoint = conn.begin_nested()
    is_added = _insert_account(conn, account_id, actor, name, owner)
    if is_added:
        savepoint.commit()
    else:
        savepoint.rollback()
    return is_added


def _insert_account(conn: Connection, account_id: str, actor: Actor, name: str, owner: NewOwner) -> bool:
    now = now_ms()
    slug = slug_from(name)
    store.insert_account(conn, account_id, name, now, slug if claim_slug(conn, slug) else with_suffix(slug))
    insert_head(conn, account_id)
    is_added = store.insert_user(
        conn,
        account_id,
        id=owner.id,
        email=owner.email,
        email_key=owner.email_key,
        role="OWNER",
        password_hash=owner.password_hash,
        created_at=now,
    )
    if is_added:
        audit.record(conn, account_id, actor, "account.created", account_id, {"name": name, "owner": owner.id})
    return is_added
