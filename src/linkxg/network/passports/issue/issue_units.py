"""Issues the passports of batches and items of a published product, or updates them.

A batch or an item is described by the version of the product that was the latest when its passport was issued; to issue
it again brings it to the latest version.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.store import find_record
from linkxg.catalog.products.versions.store import find_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request, as_recorded
from linkxg.errors import InvalidState, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import fault
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid, uuid7s
from linkxg.network.passports.documents.model import PassportGranularity, PassportRecord
from linkxg.network.passports.issue import store
from linkxg.network.passports.issue.check_units import MAX_FAULTS, CheckedUnit, check_units
from linkxg.network.passports.issue.model import IssuedPassport, IssueOutcome, IssuePassports

PASSPORT_ISSUES = Budget("passport-issues", 600, 60)
_VERSION = ("passport_id", "version", "product_id", "product_version", "life_status", "issued_at", "details")


async def issue_units(
    database: Database,
    actor: Actor,
    account_id: str,
    product_id: str,
    requested: IssuePassports,
    idempotency_key: str | None = None,
    *,
    only_new: bool = False,
) -> IdempotentOutcome[list[IssuedPassport]]:
    """The passports in the order of the request. With `only_new` one that is there already is a fault.

    Raises ValidationFailed, NotFound, IdempotencyKeyReused, or InvalidState of the product or of one of the passports.
    """
    units = check_units(requested.passports)
    if not is_uuid(product_id):
        raise NotFound

    def make(conn: Connection) -> list[IssuedPassport] | PublicError:
        # As publishing does: no other transaction issues the same passport.
        audit.lock_chains(conn, account_id, account_id)
        product = find_record(conn, account_id, product_id)
        if product is None:
            return NotFound()
        if refused := _refused(conn, account_id, product):
            return refused
        return _issue(conn, actor, account_id, product, units, only_new=only_new)

    content = [actor.id, msgspec.to_builtins(requested)]
    request = Request(account_id, f"POST /products/{product_id}/passports", idempotency_key, content)
    return await write_once(database, actor, request, make, as_recorded(list[IssuedPassport]))


def _refused(conn: Connection, account_id: str, product: ProductRecord) -> InvalidState | None:
    if product.status == "ARCHIVED":
        return InvalidState("The product is archived.")
    if product.latest_version is None or product.gtin14 is None:
        return InvalidState("The product is not published with a GTIN, so nothing of it has a passport.")
    model = store.list_models(conn, account_id, [product.gtin14]).get(product.gtin14)
    if model is None or model.product_id != product.id:
        return InvalidState("The product is not published with a passport and its present GTIN; publish it first.")
    latest = find_version(conn, account_id, product.id, product.latest_version)
    if latest is None or latest.status == "WITHDRAWN":
        return InvalidState("The latest version of the product is withdrawn.")
    return None


def _issue(
    conn: Connection,
    actor: Actor,
    account_id: str,
    product: ProductRecord,
    units: list[CheckedUnit],
    *,
    only_new: bool,
) -> list[IssuedPassport] | InvalidState | ValidationFailed:
    gtin14, now = product.gtin14 or "", now_ms()
    stored = store.list_identities(conn, account_id, gtin14, [(unit.lot, unit.serial) for unit in units])
    if only_new and stored:
        return ValidationFailed(details=[
            fault(f"passports[{index}]", "Its passport is issued already.", "duplicate")
            for index, unit in enumerate(units)
            if (unit.lot, unit.serial) in stored
        ][:MAX_FAULTS])  # fmt: skip
    new_ids = iter(uuid7s(len(units)))
    results: list[IssuedPassport] = []
    inserted: list[tuple[Any, ...]] = []
    updated: list[tuple[Any, ...]] = []
    versions: list[tuple[Any, ...]] = []
    for unit in units:
        found = stored.get((unit.lot, unit.serial))
        if found is None:
            id, life_status = next(new_ids), unit.life_status or "original"
            inserted.append((id, product.id, gtin14, unit.lot, unit.serial, life_status, unit.predecessor, now))
            versions.append((id, 1, product.id, product.latest_version, life_status, now, unit.details))
            results.append(_view(unit, id, 1, "CREATED"))
            continue
        record, product_version, details = found
        if refused := _contradiction(unit, record):
            return refused
        same = (record.product_id, product_version, details) == (product.id, product.latest_version, unit.details)
        number = record.version if same else record.version + 1
        if not same:
            updated.append((product.id, number, record.id))
            latest = (product.id, product.latest_version, record.life_status, now, unit.details)
            versions.append((record.id, number, *latest))
        results.append(_view(unit, record.id, number, "UNCHANGED" if same else "UPDATED"))
    columns = ("id", "product_id", "gtin14", "lot", "serial", "life_status", "predecessor", "created_at")
    store.insert_passports(conn, account_id, columns, inserted)
    store.update_passports(conn, account_id, ("product_id", "version"), updated)
    store.insert_versions(conn, account_id, _VERSION, versions)
    if versions:
        details_of = {"sku": product.sku, "created": len(inserted), "updated": len(updated)}
        audit.record(conn, account_id, actor, "passport.issued", product.id, details_of)
    return results


def _contradiction(unit: CheckedUnit, record: PassportRecord) -> InvalidState | None:
    """Why the request does not fit the passport that is there already."""
    which = f"The passport of lot {unit.lot or '-'}, serial {unit.serial or '-'}"
    if record.withdrawn_at is not None:
        return InvalidState(f"{which} is withdrawn.")
    if unit.life_status not in (None, record.life_status) or unit.predecessor not in (None, record.predecessor):
        return InvalidState(f"{which} has another life status or predecessor, which do not change.")
    return None


def _view(unit: CheckedUnit, id: str, version: int, outcome: IssueOutcome) -> IssuedPassport:
    granularity: PassportGranularity = "item" if unit.serial else "batch"
    return IssuedPassport(id, granularity, unit.lot or None, unit.serial or None, version, outcome)
