"""`/products/new`: a product begins with its name and numbers; the rest is filled in on its page."""

import secrets
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from linkxg.catalog.identifiers.sku import normal_sku
from linkxg.catalog.products.check_keys import check_identifiers, validation_failed
from linkxg.catalog.products.content import Content
from linkxg.catalog.products.content_errors import content_errors
from linkxg.catalog.products.create_product import create_product
from linkxg.catalog.products.model import CreateProduct
from linkxg.console.console_services import Services
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest, visit_of
from linkxg.console.notices import flash_message
from linkxg.console.pages import go, page
from linkxg.console.product_duplicates import taken_errors
from linkxg.console.product_fields import form_errors, label
from linkxg.console.product_form import cleaned, read_as
from linkxg.db.idempotency import check_key
from linkxg.errors import DuplicateGtin, DuplicateSku, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.tokens.scopes import ROLE_SCOPES

WRITERS = tuple(role for role, scopes in ROLE_SCOPES.items() if "products:write" in scopes)


def routes(parts: Services) -> list[HTTPRouteHandler]:
    @get("/products/new", **session_roles(WRITERS))
    async def new(request: Request[Any, Any, Any]) -> Response[str]:
        return _form(visit_of(request), secrets.token_hex(16))

    @post("/products/new", **session_roles(WRITERS))
    async def create(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        # A form that is sent twice makes one product.
        key = visit.form.text("key")
        try:
            made = await create_product(
                parts.database, visit.actor, visit.account_id, _given(visit), check_key(key or None)
            )
        except ValidationFailed as error:
            return _form(visit, key, errors=form_errors(error, prefix=""), status=422)
        except (DuplicateSku, DuplicateGtin) as error:
            errors = await taken_errors(parts.database, visit.account_id, error, _head(visit))
            return _form(visit, key, errors=errors, status=409)
        read = [f"{label(name)}: read as {value}." for name, value in read_as({"gtin": visit.form.text("gtin")})]
        return go(
            visit, f"/products/{made.value.id}", **flash_message(visit, " ".join(["The product is created.", *read]))
        )

    return [new, create]


def _head(visit: PageRequest) -> dict[str, str | None]:
    text = visit.form.text
    return {"sku": normal_sku(text("sku").strip()), "gtin": cleaned("gtin", text("gtin"))}


def _given(visit: PageRequest) -> CreateProduct:
    """Raises ValidationFailed with everything that is wrong."""
    head, name = _head(visit), visit.form.text("name").strip()
    given = CreateProduct(head["sku"] or "", Content(name), head["gtin"])
    _, faults = check_identifiers(given)
    if faults := [*faults, *content_errors({"name": name}, "content.")]:
        raise validation_failed(faults)
    return given


def _form(visit: PageRequest, key: str, *, errors: FormErrors | None = None, status: int = 200) -> Response[str]:
    filled = {name: visit.form.text(name) for name in ("name", "sku", "gtin")}
    return page(visit, "new_product.html", status=status, key=key, filled=filled, errors=errors or FormErrors())
