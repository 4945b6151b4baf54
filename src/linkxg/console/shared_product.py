"""`/shared/{id}`: a product that a partner shares, and the answer to its owner."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.shared_product import view_shared
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.product_duplicates import add_duplicates
from linkxg.console.product_fields import label, leaves
from linkxg.console.shared_products import SHARED, shared_name
from linkxg.errors import RateLimitExceeded, ValidationFailed
from linkxg.http.long_answer import long_answer
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS, EVERYONE
from linkxg.network.shared_products.acknowledge import ACKNOWLEDGEMENTS, acknowledge_product, read_acknowledgement
from linkxg.network.shared_products.model import AcknowledgeProduct
from linkxg.network.shared_products.read_shared import (
    list_shared_versions,
    list_shares_that_show,
    read_shared_version,
)
from linkxg.network.shares.model import Acknowledgement
from linkxg.network.shares.summary import count_fields

SHARED_PRODUCT = f"{SHARED}/{{product_id:str}}"
ANSWERS = {
    "ACCEPTED": "Accepted",
    "REVIEW": "In review",
    "REJECTED": "Rejected",
}
SHOWN_VERSIONS = 50
SHOWN_SHARES = 20


@get(SHARED_PRODUCT, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _show(page, product_id)


@get(f"{SHARED_PRODUCT}/versions/{{version:int}}", **session_roles(EVERYONE))
async def show_version(
    page: NamedDependency[PageRequest], product_id: FromPath[str], version: FromPath[int]
) -> Response[str]:
    shown, found = await read_shared_version(
        page.database, page.services.count_reads, page.account_id, product_id, version
    )
    return render(
        page,
        "shared_version.html",
        product=view_shared(shown),
        name=shared_name(view_shared(shown)),
        version=found,
        lines=[(label(path), value) for path, value in leaves(bytes(found.content).decode())],
    )


@post(f"{SHARED_PRODUCT}/acknowledge", **session_roles(ADMINISTRATORS))
async def acknowledge(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    given = AcknowledgeProduct(page.form.text("status"), page.form.text("reason").strip() or None)
    try:
        await page.services.limits.spend(ACKNOWLEDGEMENTS, caller_key(page.account_id, page.person.user_id))
        # Submitting the form twice answers once.
        await acknowledge_product(
            page.database, page.actor, page.account_id, product_id, given, page.form.idempotency_key
        )
    except ValidationFailed as error:
        return await _show(page, product_id, errors=FormErrors([_answer_error(one) for one in error.details or ()]))
    except RateLimitExceeded as error:
        return await _show(page, product_id, errors=wait_for_budget(error), status=error.status)
    message = f"Your answer is sent: {ANSWERS[given.status].lower()}."
    return redirect(page, f"{SHARED}/{product_id}", **flash_message(page, message))


HANDLERS = (show, show_version, acknowledge)


async def _show(
    page: PageRequest, product_id: str, *, errors: FormErrors | None = None, status: int = 422
) -> Response[str]:
    database, account_id, count_reads = page.database, page.account_id, page.services.count_reads
    with long_answer(page.context) as answer:
        shown, versions, _ = await list_shared_versions(
            database, count_reads, account_id, product_id, lambda one: one, answer, before=None, limit=SHOWN_VERSIONS
        )
    product = view_shared(shown)
    answered = await read_acknowledgement(database, account_id, shown)
    own = await add_duplicates(database, account_id, FormErrors(), {"gtin": product.gtin})
    return render(
        page,
        "shared_product.html",
        status=status if errors else 200,
        product=product,
        name=shared_name(product),
        fields=None if product.fields is None else [label(path) for path in product.fields],
        lines=[(label(path), value) for path, value in leaves(bytes(product.content).decode())],
        versions=versions,
        shares=await list_shares_that_show(database, account_id, product_id, limit=SHOWN_SHARES),
        count_fields=count_fields,
        own=own.link("gtin"),
        answered=answered,
        answers=ANSWERS,
        filled=_filled(page, answered),
        key=page.form.key_or_new(),
        errors=errors,
    )


def _filled(page: PageRequest, answered: Acknowledgement | None) -> dict[str, Any]:
    """What was typed, else the answer that a new one replaces."""
    form = page.form
    status, reason = (answered.status, answered.reason or "") if answered else ("", "")
    return {
        "status": form.text("status") or status,
        "reason": form.text("reason") if form.has("reason") else reason,
    }


def _answer_error(fault: dict[str, str]) -> tuple[str, str]:
    if fault["field"] == "status":
        return "status", "Choose an answer."
    return fault["field"], fault["message"]
