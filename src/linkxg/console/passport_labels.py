"""`/products/{id}/passport/labels`: a sheet of labels: of a batch, of items, or of all that a product has.

The page prints as the labels alone; on the screen it keeps the bar, and the form with what was typed.
"""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.read_product import read_product
from linkxg.console.form_errors import FormErrors, retry_headers, wait_for_budget
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.errors import PublicError, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.passports.carriers.draw_labels import LABELS, draw_labels
from linkxg.network.passports.carriers.read_labels import MAX_LABELS, LabelOf, read_labels
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.read.own_passports import list_product_passports


@get("/products/{product_id:str}/passport/labels", **session_roles(EVERYONE))
async def labels(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    """With `serials` those items, of the batch `lot` if there is one; with `lot` alone the batch."""
    product = await read_product(page.database, page.viewer, product_id, "base")
    sheet, errors = "", FormErrors()
    refusal: PublicError | None = None
    try:
        await page.services.limits.spend(LABELS, caller_key(page.account_id, page.person.user_id))
        sheet = await _sheet(page, product_id)
    except ValidationFailed as error:
        refusal, errors = error, FormErrors((one["field"], one["message"]) for one in error.details or [])
    except RateLimitExceeded as error:
        refusal, errors = error, wait_for_budget(error)
    return render(
        page,
        "passport_labels.html",
        status=_status_of(refusal),
        headers=retry_headers(refusal) if refusal else None,
        errors=errors,
        head=product.head,
        name=read_content(product.content).name,
        filled={name: page.query.text(name) for name in ("lot", "serials")},
        labels=sheet,
    )


def _status_of(refusal: PublicError | None) -> int:
    """What a query asks for is wrong, not what a body contains: 400, as of every other search."""
    return 200 if refusal is None else 400 if isinstance(refusal, ValidationFailed) else refusal.status


async def _sheet(page: PageRequest, product_id: str) -> str:
    """The labels in HTML. Raises ValidationFailed naming the field of the form."""
    lot, serials = page.query.text("lot").strip(), page.query.text("serials").split()
    field = "serials" if serials else "lot"
    if len(serials) > MAX_LABELS:
        raise _fault(field, f"A sheet has at most {MAX_LABELS} labels; {len(serials)} serial numbers were given.")
    wanted = [LabelOf(lot, one) for one in serials] or ([LabelOf(lot)] if lot else await _all(page, product_id))
    try:
        found = await read_labels(page.database, page.account_id, product_id, wanted)
    except ValidationFailed as error:
        missing = len(error.details or [])
        first = int((error.details or [{"field": "labels[0]"}])[0]["field"][len("labels[") : -1]) + 1
        raise _fault(
            field,
            f"Of {len(wanted)} labels, {missing} are of nothing that has a passport, the first in place {first}. "
            "Issue their passports first.",
        ) from None
    return await draw_labels(page.account_id, found, Addresses(page.services.public_url), "M")


def _fault(field: str, message: str) -> ValidationFailed:
    return ValidationFailed(details=[{"field": field, "code": "", "message": message}])


async def _all(page: PageRequest, product_id: str) -> list[LabelOf]:
    """Its batches and items; the model of a product without any. Raises ValidationFailed if there are too many."""
    # One of them is the model.
    listed = await list_product_passports(page.database, page.account_id, product_id, MAX_LABELS + 1)
    if listed.has_more:
        raise _fault("serials", f"A sheet has at most {MAX_LABELS} labels, and the product has more: say which.")
    current = [one.passport for one in listed.found if one.passport.successor_id is None and one.status == "active"]
    units = [LabelOf(one.lot, one.serial) for one in current if one.granularity != "model"]
    return units or [LabelOf()]


HANDLERS = (labels,)
