"""`/products`: what a client sees, seen by a person."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.clock import rfc3339
from linkxg.console.guard import Visit, visit_of
from linkxg.console.pages import go, page
from linkxg.console.parts import Parts
from linkxg.errors import (
    AccessDenied,
    DuplicateGtin,
    DuplicateSku,
    InvalidCursor,
    PreconditionFailed,
    ValidationFailed,
)
from linkxg.products.change_product import change_product
from linkxg.products.content import Content, read_content
from linkxg.products.list_products import list_products
from linkxg.products.model import ProductPatch, Shown, Wanted, search_key, view
from linkxg.products.read_product import read_product
from linkxg.web.permits import session_roles

PAGE_SIZE = 25
FIELDS = ("name", "sku", "gtin", "brand", "category", "description")
_LABELS = {"gtin": "GTIN", "sku": "SKU"}


def routes(parts: Parts) -> list[HTTPRouteHandler]:
    @get("/products", **session_roles())
    async def listing(request: Request[Any, Any, Any]) -> Response[str]:
        visit = visit_of(request)
        query = visit.query
        text, category = query.text("q").strip()[:255], query.text("category").strip()[:100]
        wanted = Wanted(category=category or None, search_key=search_key(text) if text else None, sort="sku")
        filters = {"list": "console products", "account": visit.account_id, **wanted._asdict()}
        try:
            after = parts.cursors.open(query.text("after"), filters) if query.text("after") else None
        except InvalidCursor:
            after = None
        found, following = await list_products(parts.database, visit.account_id, wanted, after=after, limit=PAGE_SIZE)
        return page(
            visit,
            "products.html",
            found=[
                {"head": shown.head, "name": read_content(shown.content).name, "at": rfc3339(shown.head.updated_at)}
                for shown in found
            ],
            text=text,
            category=category,
            begun=after is not None,
            following=parts.cursors.seal(following, filters) if following else None,
        )

    @get("/products/{product_id:str}", **session_roles())
    async def show(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        return await _show(parts, visit_of(request), product_id)

    @post("/products/{product_id:str}", **session_roles())
    async def save(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        if "products:write" not in visit.scopes:
            raise AccessDenied
        form = visit.form
        revision = form.text("revision")
        given: dict[str, Any] = {name: form.text(name).strip() or None for name in FIELDS}
        try:
            patch = ProductPatch(sku=given["sku"] or "", gtin=given["gtin"], content=_said(given))
            msgspec.convert(msgspec.to_builtins(patch), ProductPatch)
            await change_product(
                parts.database, visit.actor, visit.account_id, product_id, patch, lambda seen: str(seen) == revision
            )
        except msgspec.ValidationError as error:
            return await _show(parts, visit, product_id, error=_in_words(str(error)), status=422)
        except ValidationFailed as error:
            told = "; ".join(f"{_label(one['field'])}: {one['message']}" for one in error.details or [])
            return await _show(parts, visit, product_id, error=told or error.description, status=422)
        except (DuplicateSku, DuplicateGtin) as error:
            return await _show(parts, visit, product_id, error=error.description, status=409)
        except PreconditionFailed:
            told = (
                "Somebody else has changed this product since you opened it. Your entries still stand here: save again."
            )
            return await _show(parts, visit, product_id, error=told, status=409)
        return go(visit, f"/products/{product_id}", done="product")

    return [listing, show, save]


async def _show(
    parts: Parts, visit: Visit, product_id: str, *, error: str | None = None, status: int = 200
) -> Response[str]:
    shown = await read_product(parts.database, visit.account_id, product_id, "base")
    content = read_content(shown.content)
    filled = {name: visit.form.text(name) if error else _present(name, shown, content) for name in FIELDS}
    return page(
        visit,
        "product.html",
        status=status,
        product=view(shown),
        content=content,
        filled=filled,
        attributes={name: _shown(value) for name, value in (content.attributes or {}).items()},
        may_write="products:write" in visit.scopes,
        error=error,
    )


def _present(name: str, shown: Shown, content: Content) -> str:
    if name == "category":
        return shown.head.category or ""
    return str((getattr(shown.head, name) if name in ("sku", "gtin") else getattr(content, name)) or "")


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """The merge patch of the content."""
    said: dict[str, Any] = {name: given[name] for name in ("name", "brand", "description")}
    return {**said, "category": {"code": given["category"]} if given["category"] else None}


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
