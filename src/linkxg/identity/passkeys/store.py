"""The SQL of passkeys."""

from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from linkxg.db.compiled import CompiledStatement
from linkxg.db.insert_once import insert_once
from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.store import users
from linkxg.identity.passkeys.model import Passkey

passkeys = Table(
    "passkeys",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    # Random: authenticators show it to whoever holds them (WebAuthn Level 3 §14.6.1).
    Column("user_handle", LargeBinary, nullable=False),
    # A COSE key (RFC 9052 §7).
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Sequence, nullable=False),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("transports", String(100), nullable=False),
    Column("aaguid", String(36), nullable=False),
    Column("name", String(100), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("last_used_at", Milliseconds),
    Index("ix_passkeys_user_id_id", "user_id", "id"),
)

_PASSKEY = [passkeys.c[name] for name in Passkey._fields]
_USER = [users.c[name] for name in User.__struct_fields__]
_OWNED = (
    select(*_PASSKEY, *_USER)
    .join(users, users.c.id == passkeys.c.user_id)
    .where(passkeys.c.credential_id == bindparam("credential"))
)


_RECORD_USE = CompiledStatement(
    passkeys.update()
    .where(
        passkeys.c.account_id == bindparam("account"),
        passkeys.c.id == bindparam("passkey"),
        or_(
            passkeys.c.sign_count < bindparam("count"),
            and_(passkeys.c.sign_count == 0, bindparam("count", type_=BigInteger) == 0),
        ),
    )
    .values(sign_count=bindparam("count"), backed_up=bindparam("backup"), last_used_at=bindparam("now"))
)


class OwnedPasskey(NamedTuple):
    passkey: Passkey
    user: User


def find_owned_passkey(conn: Connection, credential_id: bytes) -> OwnedPasskey | None:
    """The passkey and its person, across accounts: at sign-in the account is not known yet."""
    row = conn.execute(_OWNED, {"credential": credential_id}).first()
    if row is None:
        return None
    split = len(_PASSKEY)
    return OwnedPasskey(Passkey._make(row[:split]), User(*row[split:]))


def list_passkeys(conn: Connection, account_id: str, user_id: str) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    query = select(*_PASSKEY).where(*_of(account_id, user_id)).order_by(passkeys.c.id)
    return [Passkey._make(row) for row in conn.execute(query)]


def list_account_passkeys(conn: Connection, account_id: str) -> list[Passkey]:
    """The passkeys of all people of the account."""
    query = select(*_PASSKEY).where(passkeys.c.account_id == account_id).order_by(passkeys.c.id)
    return [Passkey._make(row) for row in conn.execute(query)]


def find_passkey(conn: Connection, account_id: str, user_id: str, passkey_id: str) -> Passkey | None:
    row = conn.execute(select(*_PASSKEY).where(*_of(account_id, user_id), passkeys.c.id == passkey_id)).first()
    return None if row is None else Passkey._make(row)


def count_passkeys(conn: Connection, account_id: str, user_id: str) -> int:
    return conn.execute(select(func.count()).select_from(passkeys).where(*_of(account_id, user_id))).scalar_one()


def insert_passkey(conn: Connection, account_id: str, passkey: Passkey) -> bool:
    """False if the credential id is in use, in any account (WebAuthn Level 3 §7.1)."""
    assert passkey.account_id == account_id
    return insert_once(conn, passkeys, passkey._asdict(), unique=["credential_id"])


def record_use(
    conn: Connection, account_id: str, passkey_id: str, *, sign_count: int, backed_up: bool, now: int
) -> bool:
    """Store the counter, the backup state and the time of a use.

    False if the passkey was removed, or the counter is not beyond the stored one: of two uses with one counter, one is
    recorded. Authenticators without a counter always send 0 (WebAuthn Level 3 §6.1.1).
    """
    values = {"account": account_id, "passkey": passkey_id, "count": sign_count, "backup": backed_up, "now": now}
    return _RECORD_USE.run(conn, values) == 1


def rename_passkey(conn: Connection, account_id: str, user_id: str, passkey_id: str, name: str) -> bool:
    """False if the person has no such passkey."""
    statement = passkeys.update().where(*_of(account_id, user_id), passkeys.c.id == passkey_id)
    return conn.execute(statement.values(name=name)).rowcount == 1


def delete_passkey(conn: Connection, account_id: str, user_id: str, passkey_id: str) -> bool:
    """False if the person has no such passkey."""
    statement = passkeys.delete().where(*_of(account_id, user_id), passkeys.c.id == passkey_id)
    return conn.execute(statement).rowcount == 1


def delete_passkeys(conn: Connection, account_id: str, user_id: str) -> int:
    """Delete every passkey of a person; returns how many."""
    return conn.execute(passkeys.delete().where(*_of(account_id, user_id))).rowcount


def _of(account_id: str, user_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return passkeys.c.account_id == account_id, passkeys.c.user_id == user_id
