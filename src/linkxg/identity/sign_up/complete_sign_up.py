"""Creates the account of a sign-up, by the link in its mail, which works once."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.crypto.secrets import SIGN_UP, digest, is_well_formed
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, PublicError
from linkxg.identity.accounts.create_account import EMAIL_IN_USE, NewOwner, add_account, check_new_account
from linkxg.identity.accounts.manage_user import user_view
from linkxg.identity.accounts.one_time_link import dead_link
from linkxg.identity.accounts.read_account import account_view
from linkxg.identity.accounts.store import find_account, find_user
from linkxg.identity.sign_up import store
from linkxg.identity.sign_up.model import CreatedAccount, SignUpMode
from linkxg.ids import uuid7


async def read_sign_up(database: Database, mode: SignUpMode, token: str) -> str:
    """The e-mail address of a live link.

    Raises SignUpDisabled, or NotFound for a token that is wrong, used, replaced or expired.
    """
    mode.require_open()
    if is_well_formed(token, SIGN_UP):
        row = await database.read_single(store.find_sign_up, digest(token), now_ms())
        if row is not None:
            return str(row.email)
    raise dead_link()


async def complete_sign_up(
    database: Database, passwords: Passwords, mode: SignUpMode, actor: Actor, *, token: str, name: str, password: str
) -> CreatedAccount:
    """Raises as `read_sign_up` does, ValidationFailed for name and password, or Conflict if the address is in use."""
    email = await read_sign_up(database, mode, token)
    check_new_account(name, password, email)
    password_hash = await passwords.hash(password)
    account_id, owner_id = uuid7(), uuid7()
    who = actor._replace(kind="user", id=owner_id, account_id=account_id)

    def unit(conn: Connection) -> CreatedAccount | PublicError:
        store.lock_sign_ups(conn)
        row = store.redeem_sign_up(conn, digest(token), now_ms())
        if row is None:
            return dead_link()
        if not add_account(conn, account_id, who, name, NewOwner(owner_id, row.email, row.email_key, password_hash)):
            return Conflict(f"{EMAIL_IN_USE} Sign in with it.")
        account, owner = find_account(conn, account_id), find_user(conn, account_id, owner_id)
        assert account is not None
        assert owner is not None
        return CreatedAccount(account_view(account), user_view(owner))

    return value_or_raise(await database.write(unit))
