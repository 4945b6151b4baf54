"""Rotates a client's secret, immediately or with a grace period in which both work.

At most two secrets are live; of concurrent rotations the last to commit wins. Rotation never changes scopes (guide,
«Rotating client secrets»).
"""

from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, seconds_or_none
from linkxg.crypto.secrets import digest, hint
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request, new_salt, run_once
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import AccessDenied, Conflict, InvalidRequest, InvalidToken, NotFound, PublicError
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.authorization.write_as import revoke_as, write_as
from linkxg.identity.clients import store
from linkxg.identity.clients.authentication_methods import BY_SECRET
from linkxg.identity.clients.derived_secret import check_secret_current, derive_secret
from linkxg.identity.clients.model import MAX_GRACE_S, Client, RotatedSecret, SecretView
from linkxg.identity.clients.read_client import secret_view
from linkxg.identity.clients.register_client import default_lifetime
from linkxg.identity.clients.self_rotation_limit import check_self_rotations
from linkxg.identity.tokens.revoke import invalidate_client
from linkxg.ids import uuid7

ROTATIONS = Budget("rotations", 300, 3_600)


async def rotate_secret(
    database: Database,
    server_key: bytes,
    actor: Actor,
    account_id: str,
    client_id: str,
    *,
    grace_period_seconds: int = 0,
    revoke_tokens: bool = False,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[RotatedSecret]:
    """Replace the secret, by an Owner, an Admin or, unless that is disabled, the client itself.

    Raises NotFound, AccessDenied, InvalidRequest, IdempotencyKeyReused, RateLimitExceeded for a client that rotates too
    often, or Conflict for a replay whose secret is no longer current.
    """
    if not 0 <= grace_period_seconds <= MAX_GRACE_S:
        raise InvalidRequest(f"The field grace_period_seconds must be between 0 and {MAX_GRACE_S}.")
    content = [actor.id, grace_period_seconds, revoke_tokens]
    route = f"POST /oauth/clients/{client_id}/rotate"
    request, salt = Request(account_id, route, idempotency_key, content), new_salt()

    def unit(conn: Connection) -> IdempotentOutcome[RotatedSecret] | PublicError:
        client = store.find_account_client(conn, account_id, client_id, lock=True)
        error = _check_actor(actor, client_id, client)
        if error is not None or client is None:
            return error or NotFound()

        def recall(conn: Connection, recorded: Recorded) -> RotatedSecret | Conflict:
            secret = derive_secret(server_key, request, recorded.salt)
            answer = recorded.read(dict[str, Any])
            return check_secret_current(client, secret) or RotatedSecret(client_secret=secret, **answer)

        return run_once(conn, request, lambda conn: make(conn, client), recall, record=_without_secret, salt=salt)

    def make(conn: Connection, client: Client) -> RotatedSecret | PublicError:
        now = now_ms()
        if actor.kind == "client" and (error := _check_own_rotation(actor, client, now)):
            return error
        secret, secret_id = derive_secret(server_key, request, salt), uuid7()
        live = client.live_secrets(now)
        newest = client.secrets[-1]
        # A secret that is replaced keeps its lifetime; one without an end gets the account's default.
        lifetime = newest.expires_at - newest.created_at if newest.expires_at else default_lifetime(conn, account_id)
        kept_until = _end_secrets(conn, account_id, client, now, grace_period_seconds)
        expires_at = now + lifetime if lifetime else None
        store.insert_secret(
            conn, account_id, client_id, id=secret_id, digest=digest(secret), hint=hint(secret), created_at=now,
            expires_at=expires_at, rotated_by=actor.secret_id if actor.kind == "client" else None,
        )  # fmt: skip
        epoch = client.epoch + revoke_tokens
        store.update_client(conn, account_id, client_id, epoch=epoch)
        invalidate_client(conn, account_id, client_id, epoch)
        audit.record(
            conn, account_id, actor, "client.secret_rotated", client_id,
            {
                "secret_id": secret_id,
                "previous": [old.id for old in live],
                "grace_period_seconds": grace_period_seconds,
                "revoke_tokens": revoke_tokens,
            },
        )  # fmt: skip
        return RotatedSecret(
            client_id, secret, seconds_or_none(expires_at) or 0, seconds_or_none(kept_until), revoke_tokens
        )

    return value_or_raise(await revoke_as(database, actor, account_id, unit))


def _without_secret(rotated: RotatedSecret) -> dict[str, Any]:
    answer = msgspec.structs.asdict(rotated)
    del answer["client_secret"]
    return answer


async def remove_secret(database: Database, actor: Actor, account_id: str, client_id: str, secret_id: str) -> None:
    """End an overlap early, or revoke a secret that no method uses.

    Raises NotFound, or Conflict for the last live secret of a client that may authenticate by it.
    """

    def unit(conn: Connection) -> PublicError | None:
        client = store.find_account_client(conn, account_id, client_id, lock=True)
        if client is None:
            return NotFound()
        now = now_ms()
        live = client.live_secrets(now)
        if secret_id not in {secret.id for secret in live}:
            return NotFound()
        if len(live) == 1 and client.methods & BY_SECRET:
            return Conflict("The last live secret cannot be removed; rotate or delete the client instead.")
        store.update_secret(conn, account_id, secret_id, revoked_at=now)
        invalidate_client(conn, account_id, client_id, client.epoch)
        audit.record(conn, account_id, actor, "client.secret_removed", client_id, {"secret_id": secret_id})
        return None

    error = await write_as(database, actor, unit)
    if error is not None:
        raise error


async def extend_secret(
    database: Database, actor: Actor, account_id: str, client_id: str, secret_id: str, *, expires_at: int
) -> SecretView:
    """Change the end of an overlap: `expires_at` in seconds, at most 7 days from now and not past the original expiry.

    Raises NotFound, InvalidRequest, or Conflict for a secret that is not being replaced.
    """
    now = now_ms()
    if not now // 1000 < expires_at <= now // 1000 + MAX_GRACE_S:
        raise InvalidRequest(f"The field expires_at must be in the future, at most {MAX_GRACE_S} seconds from now.")

    def unit(conn: Connection) -> SecretView | PublicError:
        client = store.find_account_client(conn, account_id, client_id, lock=True)
        live = client.live_secrets(now_ms()) if client else []
        secret = next((known for known in live if known.id == secret_id), None)
        if client is None or secret is None:
            return NotFound()
        newest = live[-1]
        if secret is newest:
            return Conflict("Only a secret that is being replaced can be extended; rotate this one instead.")
        lifetime = newest.expires_at - newest.created_at if newest.expires_at else None
        if lifetime is not None and expires_at * 1000 > secret.created_at + lifetime:
            return InvalidRequest("A secret cannot be extended beyond its original expiry.")
        store.update_secret(conn, account_id, secret_id, expires_at=expires_at * 1000)
        invalidate_client(conn, account_id, client_id, client.epoch)
        details = {"secret_id": secret_id, "expires_at": expires_at}
        audit.record(conn, account_id, actor, "client.secret_extended", client_id, details)
        return secret_view(msgspec.structs.replace(secret, expires_at=expires_at * 1000))

    return value_or_raise(await write_as(database, actor, unit))


def _check_actor(actor: Actor, client_id: str, client: Client | None) -> PublicError | None:
    if actor.kind == "client":
        # Another client must not learn that this one exists.
        if actor.id != client_id or client is None:
            return NotFound()
        if client.disabled or not client.self_rotation:
            return AccessDenied("This client may not rotate its own secret; an Owner or Admin can.")
        # Whoever holds a token that another credential got would leave with a secret that outlives it.
        if actor.secret_id not in {one.id for one in client.secrets} or not client.methods & BY_SECRET:
            return AccessDenied(
                "Only a token that was requested by the secret can rotate it; an Owner or Admin can, too."
            )
        return None
    return None if actor.role in ADMINISTRATORS else AccessDenied()


def _check_own_rotation(actor: Actor, client: Client, now: int) -> PublicError | None:
    """Not of a repeated request, whose secret it has replaced itself."""
    if actor.secret_id not in {one.id for one in client.live_secrets(now)}:
        return InvalidToken(reason="secret replaced")
    return check_self_rotations(client, now)


def _end_secrets(conn: Connection, account_id: str, client: Client, now: int, grace_s: int) -> int | None:
    """Revoke the live secrets, the newest after the grace period; returns when that ends."""
    live = client.live_secrets(now)
    kept = live[-1] if live and grace_s else None
    for secret in live:
        if secret is not kept:
            store.update_secret(conn, account_id, secret.id, revoked_at=now)
    if kept is None:
        return None
    until = min(now + grace_s * 1000, kept.expires_at or now + grace_s * 1000)
    store.update_secret(conn, account_id, kept.id, expires_at=until)
    return until
