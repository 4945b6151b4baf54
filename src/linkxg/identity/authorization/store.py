"""The SQL that checks a caller's permissions against their token or session.

A separate statement after the lock of the caller, so that it sees what was committed while waiting for the lock.
"""

from sqlalchemy import BigInteger, Boolean, Connection, String, bindparam, column, exists, or_, select, table

from linkxg.db.compiled import CompiledStatement
from linkxg.db.invalidation_feed import TOKEN, changes
from linkxg.identity.authorization.live_session_store import is_live, sessions

# Only the columns needed here: the tables are defined in packages that depend on this one.
accounts = table("accounts", column("id", String))
users = table(
    "users",
    column("account_id", String),
    column("id", String),
    column("role", String),
    column("epoch", BigInteger),
    column("disabled", Boolean),
)
clients = table(
    "oauth_clients",
    column("account_id", String),
    column("id", String),
    column("epoch", BigInteger),
    column("disabled", Boolean),
    column("scope", String),
)
scim_tokens = table(
    "scim_tokens",
    column("account_id", String),
    column("id", String),
    column("expires_at", BigInteger),
    column("revoked_at", BigInteger),
)

_ACCOUNT = select(accounts.c.id).where(accounts.c.id == bindparam("account")).with_for_update(key_share=True)
_PERSON = CompiledStatement(
    select(users.c.id)
    .select_from(users.join(sessions, sessions.c.user_id == users.c.id))
    .where(
        users.c.account_id == bindparam("account"),
        users.c.id == bindparam("user"),
        users.c.epoch == bindparam("epoch"),
        users.c.role == bindparam("role"),
        users.c.disabled.is_(False),
        sessions.c.id == bindparam("session"),
        *is_live(sessions, bindparam("now")),
    )
)
_CLIENT = CompiledStatement(
    select(clients.c.id).where(
        clients.c.account_id == bindparam("account"),
        clients.c.id == bindparam("client"),
        clients.c.epoch == bindparam("epoch"),
        clients.c.disabled.is_(False),
        ~exists().where(changes.c.subject == bindparam("jti"), changes.c.kind == bindparam("kind")),
    )
)
_SCIM_TOKEN = CompiledStatement(
    select(scim_tokens.c.id).where(
        scim_tokens.c.account_id == bindparam("account"),
        scim_tokens.c.id == bindparam("token"),
        scim_tokens.c.revoked_at.is_(None),
        or_(scim_tokens.c.expires_at.is_(None), scim_tokens.c.expires_at > bindparam("now")),
    )
)
_ROLE = CompiledStatement(
    select(users.c.role).where(
        users.c.account_id == bindparam("account"), users.c.id == bindparam("user"), users.c.disabled.is_(False)
    )
)
_PERSON_EPOCH = CompiledStatement(
    select(users.c.epoch).where(users.c.account_id == bindparam("account"), users.c.id == bindparam("caller"))
)
_CLIENT_EPOCH = CompiledStatement(
    select(clients.c.epoch).where(clients.c.account_id == bindparam("account"), clients.c.id == bindparam("caller"))
)
_SCOPE = CompiledStatement(
    select(clients.c.scope).where(
        clients.c.account_id == bindparam("account"), clients.c.id == bindparam("client"), clients.c.disabled.is_(False)
    )
)


def lock_account(conn: Connection, account_id: str) -> None:
    """Serialise decisions that depend on each other, such as who is the last Owner."""
    if conn.dialect.name == "postgresql":
        # FOR NO KEY UPDATE: audit rows have a foreign key to the account, and must not wait for this lock.
        conn.execute(_ACCOUNT, {"account": account_id})


def person_is_authorised(
    conn: Connection, account_id: str, user_id: str, *, epoch: int, role: str | None, session_id: str | None, now: int
) -> bool:
    """Whether the person is there, enabled, in this role and epoch, and the session is live."""
    values = {"account": account_id, "user": user_id, "epoch": epoch, "role": role, "session": session_id, "now": now}
    return _PERSON.first(conn, values) is not None


def find_client(conn: Connection, account_id: str, client_id: str, *, epoch: int, jti: str | None) -> bool:
    """Whether the client is there, enabled and in this epoch, and the token `jti` has not been revoked."""
    values = {"account": account_id, "client": client_id, "epoch": epoch, "jti": jti, "kind": TOKEN}
    return _CLIENT.first(conn, values) is not None


def find_scim_token(conn: Connection, account_id: str, token_id: str, *, now: int) -> bool:
    """Whether the token of an identity provider is neither revoked nor expired."""
    return _SCIM_TOKEN.first(conn, {"account": account_id, "token": token_id, "now": now}) is not None


def find_role(conn: Connection, account_id: str, user_id: str) -> str | None:
    """The role of a person who is enabled; None for anybody else."""
    row = _ROLE.first(conn, {"account": account_id, "user": user_id})
    return None if row is None else str(row[0])


def find_scope(conn: Connection, account_id: str, client_id: str) -> str | None:
    """The scopes of a client that is enabled; None for any other."""
    row = _SCOPE.first(conn, {"account": account_id, "client": client_id})
    return None if row is None else str(row[0])


def find_epoch(conn: Connection, account_id: str, caller_id: str, *, is_person: bool) -> int | None:
    """The epoch of a person or client; None if they were removed."""
    statement = _PERSON_EPOCH if is_person else _CLIENT_EPOCH
    row = statement.first(conn, {"account": account_id, "caller": caller_id})
    return None if row is None else int(row[0])
