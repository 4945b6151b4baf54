"""The SQL of OAuth clients and their secrets."""

from collections.abc import Collection, Iterable
from collections.abc import Sequence as Rows
from functools import lru_cache
from sys import intern
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
)

from linkxg.clock import DAY
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.caller_lock import lock_caller
from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.http.client_ip import Network, parse_network
from linkxg.identity.clients.authentication_methods import BY_SECRET, format_methods
from linkxg.identity.clients.model import CachedClient, CachedSecret, Client, Secret
from linkxg.identity.tokens.scopes import format_scope

KEEP_MS = 400 * DAY
"""Retention of revoked secrets and usage counts: a year and its review."""

clients = Table(
    "oauth_clients",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("scope", String(400), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("allowed_cidrs", Text, nullable=False),
    Column("self_rotation", Boolean, nullable=False),
    Column("epoch", Sequence, nullable=False),
    Column("last_used_at", Milliseconds),
    Column("resource", String(500)),
    Column("auth_methods", String(200), nullable=False, server_default=format_methods(BY_SECRET)),
    Column("dpop_bound", Boolean, nullable=False, server_default=false()),
    Column("certificate_bound", Boolean, nullable=False, server_default=false()),
    Index("ix_oauth_clients_account_id_id", "account_id", "id", unique=True),
    # Of ordinary clients it is null, and nulls are distinct.
    Index("ix_oauth_clients_account_id_resource", "account_id", "resource", unique=True),
)
# The order of the console's list.
Index("ix_oauth_clients_account_id_name", clients.c.account_id, func.lower(clients.c.name), clients.c.id)
secrets = Table(
    "client_secrets",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("client_id", ForeignKey("oauth_clients.id", ondelete="CASCADE"), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("hint", String(12), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds),
    Column("revoked_at", Milliseconds),
    Column("last_used_at", Milliseconds),
    Column("last_used_source", String(64)),
    Column("uses", Sequence, nullable=False, server_default="0"),
    Column("first_used_at", Milliseconds),
    Column("tested_at", Milliseconds),
    # Where it was found in public, as a secret scanner reported; empty if it did not say.
    Column("leak_url", String(500)),
    # The secret by whose token the client rotated itself.
    Column("rotated_by", String(36)),
    Index("ix_client_secrets_account_id_client_id", "account_id", "client_id"),
    Index("ix_client_secrets_client_id", "client_id"),
    Index("ix_client_secrets_digest", "digest"),
)
# Partial indexes for the purge: few secrets have ended.
for _column in (secrets.c.revoked_at, secrets.c.expires_at):
    _ended = _column.is_not(None)
    Index(f"ix_client_secrets_{_column.name}", _column, postgresql_where=_ended, sqlite_where=_ended)
SECRET_COLUMNS = [secrets.c[name] for name in Secret.__struct_fields__]
CLIENT_COLUMNS = list(clients.c)
# Client and secrets in one query, which runs for every token request of a client that is not cached.
_CACHED = CompiledStatement(
    select(
        *(clients.c[name] for name in ("account_id", "scope", "disabled", "allowed_cidrs", "epoch", "resource")),
        *(clients.c[name] for name in ("auth_methods", "dpop_bound", "certificate_bound")),
        *(secrets.c[name] for name in CachedSecret.__struct_fields__),
    )
    .select_from(clients.outerjoin(secrets, secrets.c.client_id == clients.c.id))
    .where(clients.c.id == bindparam("client_id"))
)
_SECRETS_OF = select(*SECRET_COLUMNS).where(secrets.c.client_id == bindparam("client_id")).order_by(secrets.c.id)


def find_client(conn: Connection, client_id: str) -> CachedClient | None:
    """Across accounts: a client authenticates before its account is known. Without its certificates."""
    rows = _CACHED.all(conn, {"client_id": client_id})
    if not rows:
        return None
    account_id, scope, disabled, cidrs, epoch, resource, methods, dpop_bound, certificate_bound, *_ = rows[0]
    return CachedClient(
        id=client_id,
        account_id=intern(account_id),
        scopes=_words(scope),
        disabled=bool(disabled),
        cidrs=_cidrs(cidrs),
        networks=_networks(cidrs),
        epoch=epoch,
        resource=resource,
        methods=_words(methods),
        dpop_bound=bool(dpop_bound),
        certificate_bound=bool(certificate_bound),
        secrets=tuple([CachedSecret(*row[9:]) for row in rows if row[9] is not None]),
    )


def find_account_client(conn: Connection, account_id: str, client_id: str, *, lock: bool = False) -> Client | None:
    """A client of this account; with `lock` it is locked until the transaction ends."""
    if lock:
        lock_caller(conn, client_id)
    query = select(clients).where(clients.c.account_id == account_id, clients.c.id == client_id)
    row = conn.execute(query.with_for_update(key_share=True) if lock else query).first()
    if row is None:
        return None
    return client_of(row, [Secret(*secret) for secret in conn.execute(_SECRETS_OF, {"client_id": client_id})])


def find_secrets_by_digest(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """Secrets of any account, live or not: of one that was found in public, nothing else is known."""
    columns = (secrets.c.account_id, secrets.c.client_id, secrets.c.id, secrets.c.digest)
    return list(conn.execute(select(*columns).where(secrets.c.digest.in_(digests))))


def find_resource_server(conn: Connection, account_id: str, resource: str) -> str | None:
    """The id of the account's enabled resource server with this identifier."""
    query = select(clients.c.id).where(clients.c.account_id == account_id, clients.c.resource == resource)
    found: str | None = conn.execute(query.where(clients.c.disabled.is_(False))).scalar()
    return found


def has_resource_server(conn: Connection, account_id: str, resource: str, *, lock: bool = False) -> bool:
    """Whether a client of the account, enabled or not, has this resource identifier.

    With `lock` nobody else registers it before the transaction ends.
    """
    if lock:
        lock_until_commit(conn, f"resource server {account_id} {resource}")
    query = select(clients.c.id).where(clients.c.account_id == account_id, clients.c.resource == resource)
    return conn.execute(query).first() is not None


def list_client_names(conn: Connection, account_id: str, client_ids: Iterable[str]) -> dict[str, str]:
    """The names of these clients by id, without those of other accounts."""
    query = select(clients.c.id, clients.c.name)
    found = conn.execute(query.where(clients.c.account_id == account_id, clients.c.id.in_(client_ids)))
    return {row.id: row.name for row in found}


def count_clients_of(conn: Connection, account_id: str, user_id: str) -> int:
    """How many clients of the account a person created."""
    query = select(func.count()).select_from(clients)
    return conn.execute(query.where(clients.c.account_id == account_id, clients.c.created_by == user_id)).scalar_one()


def list_clients(conn: Connection, account_id: str, *, after: str, limit: int) -> list[Client]:
    """Clients of the account with an id above `after`, in the order of their ids."""
    query = select(clients).where(clients.c.account_id == account_id, clients.c.id > after)
    return _with_secrets(conn, account_id, list(conn.execute(query.order_by(clients.c.id).limit(limit)).all()))


def _with_secrets(conn: Connection, account_id: str, rows: list[AnyRow]) -> list[Client]:
    found: dict[str, list[Secret]] = {row.id: [] for row in rows}
    query = select(secrets.c.client_id, *SECRET_COLUMNS).where(
        secrets.c.account_id == account_id, secrets.c.client_id.in_(list(found))
    )
    for client_id, *columns in conn.execute(query.order_by(secrets.c.id)):
        found[client_id].append(Secret(*columns))
    return [client_of(row, found[row.id]) for row in rows]


def insert_client(conn: Connection, account_id: str, **values: Any) -> None:
    values["scope"] = format_scope(values.pop("scopes"))
    values["allowed_cidrs"] = msgspec.json.encode(values.pop("cidrs")).decode()
    conn.execute(clients.insert().values(account_id=account_id, disabled=False, epoch=0, **values))


def insert_secret(conn: Connection, account_id: str, client_id: str, **values: Any) -> None:
    conn.execute(secrets.insert().values(account_id=account_id, client_id=client_id, uses=0, **values))


def update_client(conn: Connection, account_id: str, client_id: str, **values: Any) -> None:
    if "scopes" in values:
        values["scope"] = format_scope(values.pop("scopes"))
    if "cidrs" in values:
        values["allowed_cidrs"] = msgspec.json.encode(values.pop("cidrs")).decode()
    if "methods" in values:
        values["auth_methods"] = format_methods(values.pop("methods"))
    where = (clients.c.account_id == account_id, clients.c.id == client_id)
    conn.execute(clients.update().where(*where).values(**values))


def update_secret(conn: Connection, account_id: str, secret_id: str, **values: Any) -> None:
    where = (secrets.c.account_id == account_id, secrets.c.id == secret_id)
    conn.execute(secrets.update().where(*where).values(**values))


def delete_client(conn: Connection, account_id: str, client_id: str) -> None:
    conn.execute(clients.delete().where(clients.c.account_id == account_id, clients.c.id == client_id))


def begin_epochs(conn: Connection, account_id: str, ahead: int) -> dict[str, int]:
    """Advance the epoch of every client of the account by `ahead`; returns their new epochs by id."""
    statement = clients.update().where(clients.c.account_id == account_id).values(epoch=clients.c.epoch + ahead)
    return {row.id: row.epoch for row in conn.execute(statement.returning(clients.c.id, clients.c.epoch))}


def purge_secrets(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` secrets that ended over 400 days ago, except a client's newest."""
    newer = secrets.alias()
    old = (
        select(secrets.c.id)
        .where(or_(secrets.c.revoked_at < now - KEEP_MS, secrets.c.expires_at < now - KEEP_MS))
        .where(exists().where(newer.c.client_id == secrets.c.client_id, newer.c.id > secrets.c.id))
        .limit(limit)
    )
    return conn.execute(secrets.delete().where(secrets.c.id.in_(old))).rowcount


def client_of(row: Rows[Any], found: list[Secret]) -> Client:
    """The client of a row of `oauth_clients` and its secrets, oldest first."""
    (
        account_id,
        id,
        name,
        scope,
        created_at,
        created_by,
        disabled,
        cidrs,
        self_rotation,
        epoch,
        last_used_at,
        resource,
        methods,
        dpop_bound,
        certificate_bound,
    ) = row
    return Client(
        id=id,
        account_id=account_id,
        name=name,
        scopes=_words(scope),
        created_at=created_at,
        created_by=created_by,
        disabled=bool(disabled),
        cidrs=_cidrs(cidrs),
        networks=_networks(cidrs),
        self_rotation=bool(self_rotation),
        epoch=epoch,
        resource=resource,
        methods=_words(methods),
        dpop_bound=bool(dpop_bound),
        certificate_bound=bool(certificate_bound),
        last_used_at=max(
            (at for at in (last_used_at, *(s.last_used_at for s in found)) if at is not None), default=None
        ),
        secrets=tuple(found),
    )


# Equal values of many clients are shared.
@lru_cache(1_024)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@lru_cache(1_024)
def _cidrs(text: str) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(text, type=list[str]))


@lru_cache(1_024)
def _networks(text: str) -> tuple[Network, ...]:
    return tuple(parse_network(cidr) for cidr in _cidrs(text))
