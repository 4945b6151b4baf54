"""Registers an OAuth client for an Owner or Admin."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.authorization.write_as import write_as
from linkxg.clients import store
from linkxg.clients.model import MAX_CIDRS, MAX_NAME, ClientView, RegisteredClient
from linkxg.clients.replay import Outcome, once
from linkxg.clients.show import view
from linkxg.clock import now_ms
from linkxg.crypto.secrets import CLIENT_SECRET, derive, digest, hint, new_secret
from linkxg.db import Database
from linkxg.db.idempotency import Request
from linkxg.errors import InvalidRequest, InvalidScope, PublicError
from linkxg.ids import client_id as new_client_id
from linkxg.ids import uuid7
from linkxg.tokens.revoke import client_changed
from linkxg.tokens.scopes import ROLE_SCOPES, format_scope, parse_scope
from linkxg.web.source import parse_network

MAX_EXPIRY_S = 10 * 366 * 86_400


async def register_client(
    database: Database,
    server_key: bytes,
    actor: Actor,
    account_id: str,
    *,
    name: str,
    scope: str,
    expires_at: int | None = None,
    allowed_cidrs: list[str] | None = None,
    self_rotation: bool = True,
    idempotency_key: str | None = None,
) -> RegisteredClient:
    """The client with its secret, told this once. `expires_at` is in seconds.

    Raises InvalidRequest, InvalidScope (unknown, or beyond the creator's role), IdempotencyKeyReused, or Conflict for a
    repetition whose secret no longer holds.
    """
    check_name(name)
    scopes = grantable(actor.role, scope)
    cidrs = canonical_cidrs(allowed_cidrs or [])
    now = now_ms()
    if expires_at and not now // 1000 < expires_at <= now // 1000 + MAX_EXPIRY_S:
        raise InvalidRequest("The field expires_at must be a time in the future.")
    content = [actor.id, name, format_scope(scopes), expires_at, cidrs, self_rotation]
    request = Request(account_id, "POST /oauth/clients", idempotency_key, content) if idempotency_key else None

    def make(conn: Connection, seed: bytes | None) -> dict[str, Any]:
        secret = new_secret(CLIENT_SECRET, seed)
        client_id, secret_id = new_client_id(derive(seed, "client id") if seed else None), uuid7()
        store.insert_client(
            conn, account_id, id=client_id, name=name, scopes=scopes, created_at=now, created_by=actor.id or "-",
            cidrs=cidrs, self_rotation=self_rotation,
        )  # fmt: skip
        store.insert_secret(
            conn, account_id, client_id, id=secret_id, digest=digest(secret), hint=hint(secret), created_at=now,
            expires_at=expires_at * 1000 if expires_at else None,
        )  # fmt: skip
        client_changed(conn, client_id, 0)
        audit.record(
            conn, account_id, actor, "client.created", client_id,
            {"client_name": name, "scope": format_scope(scopes), "secret_id": secret_id},
        )  # fmt: skip
        created = store.find_account_client(conn, account_id, client_id)
        assert created is not None
        shown: dict[str, Any] = msgspec.to_builtins(view(created, now))
        # Without a seed the secret is random and leaves this transaction only in the answer.
        return shown if seed else {**shown, "client_secret": secret}

    def unit(conn: Connection) -> Outcome | PublicError:
        outcome = once(conn, request, server_key, make)
        if isinstance(outcome, PublicError) or not outcome.replayed:
            return outcome
        # A repetition gets the client as it is by now: it may have been disabled or narrowed.
        client = store.find_account_client(conn, account_id, outcome.answer["client_id"])
        assert client is not None
        return outcome._replace(answer=msgspec.to_builtins(view(client, now)))

    outcome = await write_as(database, actor, unit)
    if isinstance(outcome, PublicError):
        raise outcome
    answer, seed, _ = outcome
    secret = answer.pop("client_secret", None) or new_secret(CLIENT_SECRET, seed)
    shown = msgspec.convert(answer, ClientView)
    expiry = shown.secrets[0].expires_at if shown.secrets else None
    return RegisteredClient(**msgspec.structs.asdict(shown), client_secret=secret, client_secret_expires_at=expiry or 0)


def check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME:
        raise InvalidRequest(f"The field client_name must have 1 to {MAX_NAME} characters.")


def grantable(role: str | None, scope: str) -> frozenset[str]:
    """The scopes of the text, if the role itself holds them all. Raises InvalidScope."""
    scopes = parse_scope(scope)
    if not scopes <= ROLE_SCOPES.get(role or "", frozenset()):
        raise InvalidScope("A scope is beyond what your own role holds.")
    return scopes


def canonical_cidrs(texts: list[str]) -> list[str]:
    """Address ranges in their canonical spelling. Raises InvalidRequest."""
    if len(texts) > MAX_CIDRS:
        raise InvalidRequest(f"The field allowed_cidrs takes at most {MAX_CIDRS} ranges.")
    try:
        return sorted({str(parse_network(text)) for text in texts})
    except ValueError:
        raise InvalidRequest(
            "The field allowed_cidrs must hold address ranges such as 10.0.0.0/8, with no host bits set."
        ) from None
