"""`/products/new`: creates a product with name, SKU and GTIN; its page has the other fields."""

from litestar import Response, get, post
from litestar.di import NamedDependency

from linkxg.catalog.identifiers.sku import normal_sku
from linkxg.catalog.products.check_keys import check_identifiers, validation_failed
from linkxg.catalog.products.content import Content
from linkxg.catalog.products.content_errors import content_errors
from linkxg.catalog.products.create_product import create_product
from linkxg.catalog.products.model import CreateProduct
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.product_duplicates import add_duplicates, duplicate_errors
from linkxg.console.product_fields import form_errors, label
from linkxg.console.product_form import normalised, reinterpreted
from linkxg.errors import DuplicateGtin, DuplicateSku, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.tokens.scopes import ROLE_SCOPES

WRITERS = tuple(role for role, scopes in ROLE_SCOPES.items() if "products:write" in scopes)


@get("/products/new", **session_roles(WRITERS))
async def new(page: NamedDependency[PageRequest]) -> Response[str]:
    return _form(page)


@post("/products/new", **session_roles(WRITERS))
async def create(page: NamedDependency[PageRequest]) -> Response[str]:
    # Submitting the form twice creates one product.
    try:
        created = await create_product(
            page.database, page.actor, page.account_id, _read_product(page), page.form.idempotency_key
        )
    except ValidationFailed as error:
        errors = form_errors(error, prefix="")
        await add_duplicates(page.database, page.account_id, errors, _head(page))
        return _form(page, errors=errors, status=422)
    except (DuplicateSku, DuplicateGtin) as error:
        errors = await duplicate_errors(page.database, page.account_id, error, _head(page))
        return _form(page, errors=errors, status=409)
    read = [f"{label(name)}: read as {value}." for name, value in reinterpreted({"gtin": page.form.text("gtin")})]
    return redirect(
        page, f"/products/{created.value.id}", **flash_message(page, " ".join(["The product is created.", *read]))
    )


HANDLERS = (new, create)


def _head(page: PageRequest) -> dict[str, str | None]:
    text = page.form.text
    return {"sku": normal_sku(text("sku").strip()), "gtin": normalised("gtin", text("gtin"))}


def _read_product(page: PageRequest) -> CreateProduct:
    """Raises ValidationFailed with all faults."""
    head, name = _head(page), page.form.text("name").strip()
    product = CreateProduct(head["sku"] or "", Content(name), head["gtin"])
    _, faults = check_identifiers(product)
    if faults := [*faults, *content_errors({"name": name}, "content.")]:
        raise validation_failed(faults)
    return product


def _form(page: PageRequest, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    filled = {name: page.form.text(name) for name in ("name", "sku", "gtin")}
    return render(page, "new_product.html", status=status, key=page.form.key_or_new(), filled=filled, errors=errors)
