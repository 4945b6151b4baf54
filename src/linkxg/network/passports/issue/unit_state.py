"""The state of the passport of a batch or an item: its withdrawal, and its life status. Either way it stays readable.

The passport of a model is withdrawn with the version of the product in it.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339_or_none
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request, as_recorded
from linkxg.errors import InvalidState, NotFound, PublicError, ValidationFailed
from linkxg.http.schema_errors import FieldFault
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid
from linkxg.network.check_fields import one_of
from linkxg.network.passports.documents.model import LifeStatus, PassportRecord
from linkxg.network.passports.issue import store
from linkxg.network.passports.issue.model import NEXT_LIFE_STATUSES, ChangeLifeStatus, PassportState, WithdrawPassport

Revoke = Callable[[Connection, str, str, int], object]
"""Revokes what was signed of a passport: of an account, by its id, at a time."""
_FINAL: LifeStatus = "waste"


async def withdraw_passport(
    database: Database,
    actor: Actor,
    account_id: str,
    passport_id: str,
    requested: WithdrawPassport,
    revoke: Revoke,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[PassportState]:
    """Raises NotFound, InvalidState or IdempotencyKeyReused."""

    def make(conn: Connection, record: PassportRecord) -> PassportRecord | PublicError:
        now = now_ms()
        if not store.withdraw_passport(conn, account_id, record.id, now, requested.reason):
            return InvalidState("The passport is withdrawn already.")
        revoke(conn, account_id, record.id, now)
        audit.record(conn, account_id, actor, "passport.withdrawn", record.id, {"reason": requested.reason})
        return record._replace(withdrawn_at=now, withdraw_reason=requested.reason)

    request = Request(account_id, f"POST /dpp/{passport_id}/withdraw", idempotency_key, [actor.id, requested.reason])
    return await _change(database, actor, passport_id, request, make)


async def change_life_status(
    database: Database,
    actor: Actor,
    account_id: str,
    passport_id: str,
    requested: ChangeLifeStatus,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[PassportState]:
    """A further version of the passport. Raises ValidationFailed, NotFound, InvalidState or IdempotencyKeyReused."""
    faults: list[FieldFault] = []
    life_status = one_of("lifeStatus", requested.life_status, NEXT_LIFE_STATUSES, faults)
    if faults:
        raise ValidationFailed(details=faults)

    def make(conn: Connection, record: PassportRecord) -> PassportRecord | PublicError:
        if record.withdrawn_at is not None:
            return InvalidState("The passport is withdrawn.")
        if record.life_status == _FINAL != life_status:
            return InvalidState("The product is waste: its life status cannot change any more.")
        if record.life_status == life_status:
            return InvalidState(f"The product is {life_status} already.")
        newest = store.find_newest_version(conn, account_id, record.id)
        number = record.version + 1
        store.insert_versions(
            conn,
            account_id,
            ("passport_id", "version", "product_id", "product_version", "life_status", "issued_at", "details"),
            [(record.id, number, newest.product_id, newest.product_version, life_status, now_ms(), newest.details)],
        )
        store.update_passports(conn, account_id, ("life_status", "version"), [(life_status, number, record.id)])
        details = {"from": record.life_status, "to": life_status}
        audit.record(conn, account_id, actor, "passport.life_status_changed", record.id, details)
        return record._replace(life_status=life_status, version=number)

    request = Request(account_id, f"POST /dpp/{passport_id}/life-status", idempotency_key, [actor.id, life_status])
    return await _change(database, actor, passport_id, request, make)


async def _change(
    database: Database,
    actor: Actor,
    passport_id: str,
    request: Request,
    make: Callable[[Connection, PassportRecord], PassportRecord | PublicError],
) -> IdempotentOutcome[PassportState]:
    if not is_uuid(passport_id):
        raise NotFound

    def unit(conn: Connection) -> PassportState | PublicError:
        audit.lock_chains(conn, request.account_id, request.account_id)
        record = store.find_passport(conn, request.account_id, passport_id)
        if record is None:
            return NotFound()
        if record.granularity == "model":
            return InvalidState("This is the passport of a model: withdraw the version of the product instead.")
        changed = make(conn, record)
        if isinstance(changed, PublicError):
            return changed
        return PassportState(
            changed.id,
            changed.version,
            changed.life_status,
            rfc3339_or_none(changed.withdrawn_at),
            changed.withdraw_reason,
        )

    return await write_once(database, actor, request, unit, as_recorded(PassportState))
