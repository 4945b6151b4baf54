"""Lists, searches and reads clients; of a secret only its id, hint and last use."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET
from sqlalchemy import Connection

from linkxg.clock import DAY, now_ms, seconds_or_none
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.identity.clients import search_store, store
from linkxg.identity.clients.authentication_methods import format_methods
from linkxg.identity.clients.model import Client, ClientView, Secret, SecretView
from linkxg.identity.clients.search_store import Search
from linkxg.identity.clients.usage_store import list_scope_usage, list_sources, list_usage
from linkxg.identity.tokens.scopes import format_scope


async def show_client(database: Database, account_id: str, client_id: str) -> ClientView:
    """Raises NotFound."""
    client = await database.read(store.find_account_client, account_id, client_id)
    if client is None:
        raise NotFound
    return client_view(client, now_ms())


async def list_clients(
    database: Database, account_id: str, *, after: str, limit: int
) -> tuple[list[ClientView], str | None]:
    """(a page of clients, the id to continue after or None)."""

    def unit(conn: Connection) -> list[Client]:
        return store.list_clients(conn, account_id, after=after, limit=limit + 1)

    found, now = await database.read(unit), now_ms()
    shown = [client_view(client, now) for client in found[:limit]]
    return shown, shown[-1].client_id if len(found) > limit else None


async def search_clients(
    database: Database, account_id: str, *, name: str, sort: str, offset: int, limit: int
) -> Search:
    """Clients whose name contains `name`, sorted by `name`, `created` or `used`."""
    return await database.read(
        search_store.search_clients, account_id, name=name, sort=sort, offset=offset, limit=limit
    )


async def count_clients_of(database: Database, account_id: str, user_id: str) -> int:
    """How many clients a person created."""
    return await database.read_single(store.count_clients_of, account_id, user_id)


class ClientDetail(NamedTuple):
    """A client with its usage: rows by day (oldest first), by scope, and by address (latest use first)."""

    client: Client
    usage: list[AnyRow]
    scopes: dict[str, AnyRow]
    sources: list[AnyRow]


async def client_names(database: Database, account_id: str, client_ids: Iterable[str]) -> dict[str, str]:
    """Names by id, without deleted clients and those of other accounts."""
    return await database.read_single(store.list_client_names, account_id, sorted(client_ids))


async def read_client(database: Database, account_id: str, client_id: str, *, days: int = 0) -> ClientDetail:
    """The client with all its secrets and the usage of the last `days`. Raises NotFound."""

    def unit(conn: Connection) -> ClientDetail | None:
        client = store.find_account_client(conn, account_id, client_id)
        if client is None:
            return None
        usage = list_usage(conn, account_id, client_id, since_day=now_ms() // DAY - days + 1) if days else []
        used = list_scope_usage(conn, account_id, [client_id])
        live = [secret.id for secret in client.live_secrets(now_ms())]
        return ClientDetail(client, usage, {row.scope: row for row in used}, list_sources(conn, account_id, live))

    detail = await database.read(unit)
    if detail is None:
        raise NotFound
    return detail


def client_view(client: Client, now: int) -> ClientView:
    """The client with its live secrets."""
    return ClientView(
        client_id=client.id,
        client_name=client.name,
        scope=format_scope(client.scopes),
        client_id_issued_at=client.created_at // 1000,
        created_by=client.created_by,
        disabled=client.disabled,
        allowed_cidrs=list(client.cidrs),
        self_rotation=client.self_rotation,
        last_used_at=seconds_or_none(client.last_used_at),
        token_endpoint_auth_methods=format_methods(client.methods).split(),
        dpop_bound_access_tokens=client.dpop_bound,
        tls_client_certificate_bound_access_tokens=client.certificate_bound,
        resource=UNSET if client.resource is None else client.resource,
        secrets=[secret_view(secret) for secret in client.live_secrets(now)],
    )


def secret_view(secret: Secret) -> SecretView:
    return SecretView(
        id=secret.id,
        hint=secret.hint,
        created_at=secret.created_at // 1000,
        expires_at=seconds_or_none(secret.expires_at),
        last_used_at=seconds_or_none(secret.last_used_at),
        last_used_ip=secret.last_used_source,
    )
