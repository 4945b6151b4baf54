"""`/products`: what a client sees, seen by a person."""

import secrets
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.console.attributes import difference, read_attributes, write_attributes
from linkxg.console.guard import Visit, visit_of
from linkxg.console.pages import go, page
from linkxg.console.parts import Parts
from linkxg.db.idempotency import check_key
from linkxg.errors import (
    DuplicateGtin,
    DuplicateSku,
    InvalidCursor,
    PreconditionFailed,
    PublicError,
    ValidationFailed,
)
from linkxg.products.change_product import change_product
from linkxg.products.create_product import create_product
from linkxg.products.list_products import list_products
from linkxg.products.model import NewProduct, ProductPatch, Wanted, name_key
from linkxg.products.read_product import read_product
from linkxg.tokens.scopes import ROLE_SCOPES
from linkxg.web.permits import session_roles

PAGE_SIZE = 25
FIELDS = ("name", "sku", "gtin", "brand", "category", "description")
WRITERS = tuple(role for role, scopes in ROLE_SCOPES.items() if "products:write" in scopes)
_LABELS = {"gtin": "GTIN", "sku": "SKU"}


def routes(parts: Parts) -> list[HTTPRouteHandler]:
    @get("/products", **session_roles())
    async def listing(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        query = visit.query
        text, category = query.text("q").strip()[:255], query.text("category").strip()[:100]
        wanted = Wanted(category=category or None, name_key=name_key(text) if text else None, sort="sku")
        filters = {"list": "console products", "account": visit.account_id, **wanted._asdict()}
        try:
            after = parts.cursors.open(query.text("after"), filters) if query.text("after") else None
        except InvalidCursor:
            after = None
        found, following = await list_products(parts.database, visit.account_id, wanted, after=after, limit=PAGE_SIZE)
        return page(
            visit,
            "products.html",
            found=found,
            text=text,
            category=category,
            begun=after is not None,
            following=parts.cursors.seal(following, filters) if following else None,
        )

    @get("/products/new", **session_roles(WRITERS))
    async def new(request: Request[Any, Any, Any]) -> Response[str]:
        return _form(visit_of(request), secrets.token_hex(16))

    @post("/products/new", **session_roles(WRITERS))
    async def create(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        key = visit.form.text("key")
        try:
            given = msgspec.convert(
                {**_given(visit), "attributes": read_attributes(visit.form.text("attributes"))}, NewProduct
            )
            made = await create_product(parts.database, visit.actor, visit.account_id, given, check_key(key or None))
        except (msgspec.ValidationError, ValidationFailed, DuplicateSku, DuplicateGtin) as error:
            status = 422 if isinstance(error, msgspec.ValidationError) else error.status
            return _form(visit, key, error=_told(error), status=status)
        return go(visit, f"/products/{made.product.id}", done="product-created")

    @get("/products/{product_id:str}", **session_roles())
    async def show(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        return await _show(parts, visit_of(request), product_id)

    @post("/products/{product_id:str}", **session_roles(WRITERS))
    async def save(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        form = visit.form
        revision = form.text("revision")
        try:
            given = _given(visit)
            if form.all("attributes"):
                before = (await read_product(parts.database, visit.account_id, product_id)).attributes
                given["attributes"] = difference(before, read_attributes(form.text("attributes")))
            patch = msgspec.convert(given, ProductPatch)
            await change_product(
                parts.database, visit.actor, visit.account_id, product_id, patch, lambda seen: str(seen) == revision
            )
        except (msgspec.ValidationError, ValidationFailed, DuplicateSku, DuplicateGtin) as error:
            status = 422 if isinstance(error, msgspec.ValidationError) else error.status
            return await _show(parts, visit, product_id, error=_told(error), status=status)
        except PreconditionFailed:
            told = (
                "Somebody else has changed this product since you opened it. Your entries still stand here: save again."
            )
            return await _show(parts, visit, product_id, error=told, status=409)
        return go(visit, f"/products/{product_id}", done="product")

    return [listing, new, create, show, save]


def _form(visit: Visit, key: str, *, error: str | None = None, status: int = 200) -> Response[str]:
    filled = {name: visit.form.text(name) for name in (*FIELDS, "attributes")}
    return page(visit, "new_product.html", status=status, key=key, filled=filled, error=error)


async def _show(
    parts: Parts, visit: Visit, product_id: str, *, error: str | None = None, status: int = 200
) -> Response[str]:
    product = await read_product(parts.database, visit.account_id, product_id)
    filled = {name: visit.form.text(name) if error else getattr(product, name) or "" for name in FIELDS}
    filled["attributes"] = visit.form.text("attributes") if error else write_attributes(product.attributes)
    return page(
        visit,
        "product.html",
        status=status,
        product=product,
        filled=filled,
        attributes={name: _shown(value) for name, value in product.attributes.items()},
        may_write=visit.role in WRITERS,
        error=error,
    )


def _given(visit: Visit) -> dict[str, Any]:
    """What a person left empty is null, but a name and a SKU must be there."""
    given: dict[str, Any] = {name: visit.form.text(name).strip() or None for name in FIELDS}
    return {**given, "name": given["name"] or "", "sku": given["sku"] or ""}


def _told(error: Exception) -> str:
    if isinstance(error, ValidationFailed) and error.details:
        return "; ".join(f"{_label(one['field'])}: {one['message']}" for one in error.details)
    return error.description if isinstance(error, PublicError) else _in_words(str(error))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _label(field: str) -> str:
    return _LABELS.get(field, field.capitalize())


def _in_words(message: str) -> str:
    """«Expected `str` of length >= 1 - at `$.sku`» as a person would say it."""
    text, _, path = message.partition(" - at `$.")
    field = _label(path.rstrip("`"))
    if ">= 1" in text:
        return f"{field} is missing."
    _, _, longest = text.partition("<= ")
    return f"{field} is too long: at most {longest} characters." if longest else f"{field} is not valid."
