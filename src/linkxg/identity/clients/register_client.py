"""Registers an OAuth client for an Owner or Admin."""

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import DAY, now_ms
from linkxg.crypto.secrets import digest, hint
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request, new_salt
from linkxg.errors import Conflict, InvalidRequest, InvalidScope
from linkxg.http.client_ip import parse_network
from linkxg.identity.accounts.store import find_account
from linkxg.identity.authorization.write_as import write_once
from linkxg.identity.clients import store
from linkxg.identity.clients.derived_secret import check_secret_current, derive_secret
from linkxg.identity.clients.model import MAX_CIDRS, MAX_NAME, Client, RegisteredClient
from linkxg.identity.clients.read_client import client_view
from linkxg.identity.clients.resource_identifier import check_resource
from linkxg.identity.tokens.revoke import invalidate_client
from linkxg.identity.tokens.scopes import ROLE_SCOPES, format_scope, parse_scope
from linkxg.ids import client_id as new_client_id
from linkxg.ids import uuid7

MAX_EXPIRY_S = 10 * 366 * 86_400


async def register_client(
    database: Database,
    server_key: bytes,
    actor: Actor,
    account_id: str,
    *,
    name: str,
    scope: str = "",
    resource: str | None = None,
    expires_at: int | None = None,
    allowed_cidrs: list[str] | None = None,
    self_rotation: bool = True,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[RegisteredClient]:
    """Create a client with a secret. `expires_at` is in seconds; 0 is never, None the account's default lifetime.

    With `resource` it is a resource server, which has no scopes. Raises InvalidRequest, InvalidScope (unknown, or
    beyond the creator's role), IdempotencyKeyReused, or Conflict for a replay whose secret is no longer current, or a
    resource that exists.
    """
    check_name(name)
    if resource is None:
        scopes = grantable_scopes(actor.role, scope)
    else:
        check_resource(resource, scope)
        scopes = frozenset()
    cidrs = canonical_cidrs(allowed_cidrs or [])
    now = now_ms()
    content = [actor.id, name, format_scope(scopes), expires_at, cidrs, self_rotation]
    if resource is not None:
        content.append(resource)
    request, salt = Request(account_id, "POST /oauth/clients", idempotency_key, content), new_salt()

    def make(conn: Connection) -> RegisteredClient | InvalidRequest | Conflict:
        if expires_at and not now // 1000 < expires_at <= now // 1000 + MAX_EXPIRY_S:
            return InvalidRequest("The field expires_at must be a time in the future.")
        if resource is not None and store.has_resource_server(conn, account_id, resource, lock=True):
            return Conflict("The account has a resource server with this resource already.")
        secret_expires_at = expires_at * 1000 if expires_at else None
        if expires_at is None and (lifetime := default_lifetime(conn, account_id)):
            secret_expires_at = now + lifetime
        secret = derive_secret(server_key, request, salt)
        client_id, secret_id = new_client_id(), uuid7()
        store.insert_client(
            conn, account_id, id=client_id, name=name, scopes=scopes, created_at=now, created_by=actor.id or "-",
            cidrs=cidrs, self_rotation=self_rotation, resource=resource,
        )  # fmt: skip
        store.insert_secret(
            conn, account_id, client_id, id=secret_id, digest=digest(secret), hint=hint(secret), created_at=now,
            expires_at=secret_expires_at,
        )  # fmt: skip
        invalidate_client(conn, account_id, client_id, 0)
        audit.record(
            conn, account_id, actor, "client.created", client_id,
            {"client_name": name, "secret_id": secret_id}
            | ({"scope": format_scope(scopes)} if resource is None else {"resource": resource}),
        )  # fmt: skip
        created = store.find_account_client(conn, account_id, client_id)
        assert created is not None
        return _registered(created, secret, now)

    def recall(conn: Connection, recorded: Recorded) -> RegisteredClient | Conflict:
        client = store.find_account_client(conn, account_id, recorded.read(_Created).client_id)
        if client is None:
            return Conflict("This request was already answered, but its client has since been deleted.")
        secret = derive_secret(server_key, request, recorded.salt)
        # The current state of the client: it may have been changed since.
        return check_secret_current(client, secret) or _registered(client, secret, now)

    return await write_once(
        database, actor, request, make, recall, record=lambda made: _Created(made.client_id), salt=salt
    )


class _Created(msgspec.Struct):
    client_id: str


def _registered(client: Client, secret: str, now: int) -> RegisteredClient:
    view = client_view(client, now)
    expiry = view.secrets[0].expires_at if view.secrets else None
    return RegisteredClient(**msgspec.structs.asdict(view), client_secret=secret, client_secret_expires_at=expiry or 0)


def default_lifetime(conn: Connection, account_id: str) -> int | None:
    """How long new secrets of the account last, in milliseconds; None if they do not expire."""
    account = find_account(conn, account_id)
    return account.client_lifetime_days * DAY if account is not None and account.client_lifetime_days else None


def check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME:
        raise InvalidRequest(f"The field client_name must have 1 to {MAX_NAME} characters.")


def grantable_scopes(role: str | None, scope: str) -> frozenset[str]:
    """The parsed scopes, if the role has them all. Raises InvalidScope."""
    scopes = parse_scope(scope)
    if not scopes <= ROLE_SCOPES.get(role or "", frozenset()):
        raise InvalidScope("You can grant only scopes that your own role has.")
    return scopes


def canonical_cidrs(texts: list[str]) -> list[str]:
    """Address ranges in canonical form. Raises InvalidRequest."""
    if len(texts) > MAX_CIDRS:
        raise InvalidRequest(f"The field allowed_cidrs may contain at most {MAX_CIDRS} ranges.")
    try:
        return sorted({str(parse_network(text)) for text in texts})
    except ValueError:
        raise InvalidRequest(
            "The field allowed_cidrs must contain address ranges such as 10.0.0.0/8, with no host bits set."
        ) from None
