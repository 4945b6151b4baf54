"""The passports of a product for which labels are printed."""

from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from linkxg.catalog.products.store import find_record
from linkxg.db import Database
from linkxg.errors import NotFound, PublicError, ValidationFailed
from linkxg.http.route_declaration import described
from linkxg.http.schema_errors import fault
from linkxg.identity.accounts.store import find_account
from linkxg.ids import is_uuid
from linkxg.network.passports.carriers.label_sheet import PassportLabel
from linkxg.network.passports.carriers.qr_code import ErrorLevel
from linkxg.network.passports.issue.store import list_identities

MAX_LABELS = 200
MAX_FAULTS = 100


class LabelOf(msgspec.Struct, forbid_unknown_fields=True):
    """A batch (`lot`) or an item (`serial`, and its lot if it has one); the model without either."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"lot": "L-2026-11", "serial": "0001"}

    lot: Annotated[str, Meta(max_length=20)] = ""
    serial: Annotated[str, Meta(max_length=20)] = ""


class PrintLabels(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Labels of a product in their order; `level` is the level of error correction."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "productId": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "labels": [LabelOf.EXAMPLE],
        "level": "M",
    }

    product_id: Annotated[str, Meta(max_length=36)]
    labels: Annotated[list[LabelOf], Meta(min_length=1, max_length=MAX_LABELS)]
    level: Annotated[ErrorLevel, described()] = "M"


class LabelsOfProduct(NamedTuple):
    sku: str
    labels: list[PassportLabel]


async def read_labels(database: Database, account_id: str, product_id: str, wanted: list[LabelOf]) -> LabelsOfProduct:
    """Raises NotFound, or ValidationFailed naming each label that has no passport."""
    if not is_uuid(product_id):
        raise NotFound
    found = await database.read(_find, account_id, product_id, wanted)
    if isinstance(found, PublicError):
        raise found
    return found


def _find(
    conn: Connection, account_id: str, product_id: str, wanted: list[LabelOf]
) -> LabelsOfProduct | NotFound | ValidationFailed:
    product, account = find_record(conn, account_id, product_id), find_account(conn, account_id)
    if product is None or account is None:
        return NotFound()
    identities = list({(one.lot, one.serial) for one in wanted})
    stored = list_identities(conn, account_id, product.gtin14, identities) if product.gtin14 else {}
    missing = [
        fault(f"labels[{index}]", "There is no such passport; issue it first.", "not_found")
        for index, one in enumerate(wanted)
        if (one.lot, one.serial) not in stored
    ]
    if missing:
        return ValidationFailed(details=missing[:MAX_FAULTS])
    return LabelsOfProduct(product.sku, [PassportLabel(stored[one.lot, one.serial][0], account.slug) for one in wanted])
