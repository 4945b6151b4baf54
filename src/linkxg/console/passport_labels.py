"""`/products/{id}/passport/labels`: a sheet of labels: of a batch, of items, or of all that a product has."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.read_product import read_product
from linkxg.console.guard import PageRequest
from linkxg.errors import InvalidRequest, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.passports.carriers.draw_labels import LABELS, draw_labels
from linkxg.network.passports.carriers.label_sheet import POLICY
from linkxg.network.passports.carriers.read_labels import MAX_LABELS, LabelOf, read_labels
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.read.compare_roles import list_product_passports


@get("/products/{product_id:str}/passport/labels", **session_roles(EVERYONE))
async def labels(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    """With `serials` those items, of the batch `lot` if there is one; with `lot` alone the batch."""
    await page.services.limits.spend(LABELS, caller_key(page.account_id, page.person.user_id))
    await read_product(page.database, page.viewer, product_id, "base")
    lot, serials = page.query.text("lot").strip(), page.query.text("serials").split()
    if len(serials) > MAX_LABELS:
        raise InvalidRequest(f"A sheet has at most {MAX_LABELS} labels; {len(serials)} serial numbers were given.")
    wanted = [LabelOf(lot, one) for one in serials] or ([LabelOf(lot)] if lot else await _all(page, product_id))
    try:
        found = await read_labels(page.database, page.account_id, product_id, wanted)
    except ValidationFailed as error:
        missing = len(error.details or [])
        first = int((error.details or [{"field": "labels[0]"}])[0]["field"][len("labels[") : -1]) + 1
        raise InvalidRequest(
            f"Of {len(wanted)} labels, {missing} are of nothing that has a passport, the first in place {first}. "
            "Issue their passports first, through the API."
        ) from None
    sheet = await draw_labels(page.account_id, found, Addresses(page.services.public_url), "M")
    return Response(sheet, media_type="text/html", headers={"Content-Security-Policy": POLICY})


async def _all(page: PageRequest, product_id: str) -> list[LabelOf]:
    """The first of its batches and items; the model of a product without any."""
    listed = (await list_product_passports(page.database, page.account_id, product_id, MAX_LABELS)).found
    current = [one.passport for one in listed if one.passport.successor_id is None and one.status == "active"]
    units = [LabelOf(one.lot, one.serial) for one in current if one.granularity != "model"]
    return units or [LabelOf()]


HANDLERS = (labels,)
