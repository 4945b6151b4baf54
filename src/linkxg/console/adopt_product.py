"""`/shared/{id}/adopt`: creates an own product from one that a partner shares."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.identifiers.sku import normal_sku
from linkxg.catalog.products.shared_product import view_shared
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.console.product_duplicates import add_duplicates, link_to_holder
from linkxg.console.shared_products import SHARED, shared_name
from linkxg.errors import DuplicateGtin, DuplicateSku, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.network.shared_products.adopt import adopt_product
from linkxg.network.shared_products.model import AdoptProduct
from linkxg.network.shared_products.read_shared import read_shared

ADOPT = f"{SHARED}/{{product_id:str}}/adopt"


@get(ADOPT, **session_roles(WRITERS))
async def new(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _form(page, product_id)


@post(ADOPT, **session_roles(WRITERS))
async def adopt(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    sku = page.form.text("sku").strip()
    errors = FormErrors()
    try:
        made, _ = await adopt_product(
            page.database, page.services.count_reads, page.actor, page.account_id, product_id,
            AdoptProduct(sku or None), page.form.idempotency_key,
        )  # fmt: skip
    except DuplicateSku:
        holder = await link_to_holder(page.database, page.account_id, "sku", normal_sku(sku))
        errors.add("sku", "You have a product with this SKU.", holder)
        return await _form(page, product_id, errors=errors, status=422)
    except DuplicateGtin as error:
        # The page says which product has it, and has no form.
        return await _form(page, product_id, status=error.status)
    except ValidationFailed as error:
        for one in error.details or ():
            errors.add("sku" if one["field"] == "sku" else "", one["message"])
        return await _form(page, product_id, errors=errors, status=error.status)
    message = "Created, with a draft of what is shared with you. Changes of the partner do not change it."
    return redirect(page, f"/products/{made.id}", **flash_message(page, message))


HANDLERS = (new, adopt)


async def _form(
    page: PageRequest, product_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    """The SKU of the partner is filled in unless an own product has it."""
    shown = await read_shared(page.database, page.services.count_reads, page.account_id, product_id)
    product = view_shared(shown)
    identifiers = {"sku": normal_sku(product.sku), "gtin": product.gtin}
    taken = await add_duplicates(page.database, page.account_id, FormErrors(), identifiers)
    proposed = "" if taken.link("sku") else product.sku
    return render(
        page,
        "adopt_product.html",
        status=status,
        product=product,
        name=shared_name(product),
        holder=taken.link("gtin"),
        same_sku=taken.link("sku"),
        filled={"sku": page.form.text("sku") if page.form.has("sku") else proposed},
        key=page.form.key_or_new(),
        errors=errors,
    )
