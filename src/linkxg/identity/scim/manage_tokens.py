"""Creates, lists and revokes the tokens of an account's identity provider, for its Owners."""

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import DAY, now_ms, read_rfc3339, rfc3339, rfc3339_or_none
from linkxg.crypto.secrets import SCIM_TOKEN, derive, digest, hint, new_secret
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.idempotency import IdempotentOutcome, Recorded, RecordedId, Request, new_salt
from linkxg.errors import Conflict, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.identity.accounts.names import canonical_name, rule
from linkxg.identity.authorization.write_as import revoke_as, write_once
from linkxg.identity.scim import token_store
from linkxg.identity.scim.model import MAX_TOKEN_NAME, MAX_TOKENS, CreatedScimToken, ScimToken, ScimTokenView
from linkxg.ids import uuid7

TOKEN_CREATIONS = Budget("scim-tokens", 60, 3_600)
BASE_PATH = "/scim/v2"
LONGEST_MS = 10 * 366 * DAY


async def create_token(
    database: Database,
    server_key: bytes,
    public_url: str,
    actor: Actor,
    account_id: str,
    *,
    name: str,
    expires_at: str | None = None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[CreatedScimToken]:
    """Raises ValidationFailed, IdempotencyKeyReused, or Conflict for a third live token or an ended replayed one."""
    now = now_ms()
    name, expires_ms = _checked(name, expires_at, now)
    request = Request(account_id, "POST /account/scim-tokens", idempotency_key, [actor.id, name, expires_at])
    salt, token_id = new_salt(), uuid7()

    def created(token: ScimToken, used_salt: bytes) -> CreatedScimToken:
        secret = _token(server_key, request, used_salt)
        return CreatedScimToken(
            **msgspec.structs.asdict(token_view(token)), token=secret, base_url=public_url + BASE_PATH
        )

    def make(conn: Connection) -> CreatedScimToken | PublicError:
        token_store.lock_tokens(conn, account_id)
        if token_store.count_live_tokens(conn, account_id, now) >= MAX_TOKENS:
            return Conflict(f"An account has at most {MAX_TOKENS} live SCIM tokens. Revoke one first.")
        secret = _token(server_key, request, salt)
        token_store.insert_token(
            conn,
            account_id,
            id=token_id,
            digest=digest(secret),
            name=name,
            hint=hint(secret),
            created_at=now,
            created_by=actor.id or "-",
            expires_at=expires_ms,
        )
        details = {"name": name} | ({"expires_at": rfc3339(expires_ms)} if expires_ms else {})
        audit.record(conn, account_id, actor, "scim_token.created", token_id, details)
        token = token_store.find_token(conn, account_id, token_id, now)
        return NotFound() if token is None else created(token, salt)

    def recall(conn: Connection, recorded: Recorded) -> CreatedScimToken | PublicError:
        token = token_store.find_token(conn, account_id, recorded.read(RecordedId).id, now)
        if token is None:
            return Conflict("This request was already answered, but its token has since been revoked.")
        return created(token, recorded.salt)

    return await write_once(database, actor, request, make, recall, record=lambda made: RecordedId(made.id), salt=salt)


async def list_tokens(database: Database, account_id: str) -> list[ScimTokenView]:
    """The live ones, oldest first."""
    found = await database.read_single(token_store.list_live_tokens, account_id, now_ms())
    return [token_view(token) for token in found]


async def revoke_token(database: Database, actor: Actor, account_id: str, token_id: str) -> None:
    """End a token after its writes in progress. Raises NotFound if it has ended."""

    if not await revoke_as(database, actor, account_id, end_token, actor, account_id, token_id):
        raise NotFound


def end_token(conn: Connection, actor: Actor, account_id: str, token_id: str) -> bool:
    """Inside a unit of work: false if the token has ended."""
    lock_caller(conn, token_id)
    if not token_store.revoke_token(conn, account_id, token_id, now_ms()):
        return False
    audit.record(conn, account_id, actor, "scim_token.revoked", token_id)
    return True


def token_view(token: ScimToken) -> ScimTokenView:
    return ScimTokenView(
        token.id,
        token.name,
        token.hint,
        rfc3339(token.created_at),
        token.created_by,
        rfc3339_or_none(token.expires_at),
        rfc3339_or_none(token.last_used_at),
    )


def _checked(name: str, expires_at: str | None, now: int) -> tuple[str, int | None]:
    """The name and the expiry as stored. Raises ValidationFailed."""
    faults: list[FieldFault] = []
    checked = canonical_name(name, MAX_TOKEN_NAME)
    if checked is None:
        faults.append(fault("name", rule(MAX_TOKEN_NAME)))
    expires_ms = None if expires_at is None else read_rfc3339(expires_at)
    if expires_at is not None and (expires_ms is None or not now < expires_ms <= now + LONGEST_MS):
        message = "The expiry must be a time in the future (RFC 3339), within ten years."
        faults.append(fault("expiresAt", message))
    if checked is None or faults:
        raise ValidationFailed(details=faults)
    return checked, expires_ms


def _token(server_key: bytes, request: Request, salt: bytes) -> str:
    """Derived, so that a replay returns it again although nothing stored reveals it (decision 0008)."""
    return new_secret(SCIM_TOKEN, derive(server_key, "scim token", *request.salted(salt)))
