"""`/products/{id}`: one product, its draft to fill in, and publishing it."""

from collections.abc import Container
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.console.guard import Visit, visit_of
from linkxg.console.pages import go, page
from linkxg.console.parts import Parts
from linkxg.console.product_fields import GROUPS, in_words, patch_of, present, to_fill_in
from linkxg.console.product_said import said
from linkxg.errors import (
    AccessDenied,
    DuplicateGtin,
    DuplicateSku,
    InvalidState,
    NoDraft,
    PreconditionFailed,
    ValidationFailed,
)
from linkxg.products.change_product import MayChange, change_product
from linkxg.products.check_head import refusal
from linkxg.products.content import read_content
from linkxg.products.find_missing import find_missing
from linkxg.products.list_versions import list_versions
from linkxg.products.model import ProductPatch
from linkxg.products.publish_product import publish_product
from linkxg.products.read_product import read_product
from linkxg.products.remove_product import remove_product
from linkxg.products.versions.model import PublishProduct
from linkxg.web.json_body import fault_of
from linkxg.web.permits import session_roles

SHOWN_VERSIONS = 50
_TOLD = {
    PreconditionFailed: "Somebody else has changed this product since you opened it. "
    "Your entries still stand here: save again.",
    NoDraft: "There is nothing to publish: the draft is published already.",
}


def routes(parts: Parts) -> list[HTTPRouteHandler]:
    @get("/products/{product_id:str}", **session_roles())
    async def show(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        return await _show(parts, visit_of(request), product_id)

    @post("/products/{product_id:str}", **session_roles())
    async def save(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = _writer(request)
        try:
            patch = _patch(visit)
            await change_product(parts.database, visit.actor, visit.account_id, product_id, patch, _unchanged(visit))
        except ValidationFailed as error:
            told = [in_words(detail) for detail in error.details or ()]
            wrong = {detail["field"].removeprefix("content.") for detail in error.details or ()}
            return await _show(parts, visit, product_id, faults=told or [error.description], wrong=wrong, status=422)
        except (DuplicateSku, DuplicateGtin, InvalidState, PreconditionFailed) as error:
            told = [_TOLD.get(type(error), error.description)]
            return await _show(parts, visit, product_id, faults=told, status=409)
        return go(visit, f"/products/{product_id}", done="product")

    @post("/products/{product_id:str}/publish", **session_roles())
    async def publish(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = _writer(request)
        note = visit.form.text("changeNote").strip()[:1_000] or None
        try:
            await publish_product(
                parts.database, visit.actor, visit.account_id, product_id, PublishProduct(note), _unchanged(visit)
            )
        except ValidationFailed:
            # What is missing stands on the page anyway.
            told = ["The draft is not complete yet. What is missing is listed below."]
            return await _show(parts, visit, product_id, faults=told, status=422, filled=False)
        except (InvalidState, NoDraft, PreconditionFailed) as error:
            told = [_TOLD.get(type(error), error.description)]
            return await _show(parts, visit, product_id, faults=told, status=409, filled=False)
        return go(visit, f"/products/{product_id}", done="published")

    @post("/products/{product_id:str}/remove", **session_roles())
    async def remove(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = _writer(request)
        try:
            await remove_product(parts.database, visit.actor, visit.account_id, product_id, _unchanged(visit))
        except PreconditionFailed:
            told = ["Somebody else has changed this product since you opened it. Look at it again first."]
            return await _show(parts, visit, product_id, faults=told, status=409, filled=False)
        archives = visit.form.text("archives") == "yes"
        return go(visit, "/products", done="product-archived" if archives else "product-deleted")

    return [show, save, publish, remove]


def _writer(request: Request[Any, Any, Any]) -> Visit:
    visit = visit_of(request)
    if "products:write" not in visit.scopes:
        raise AccessDenied
    return visit


def _unchanged(visit: Visit) -> MayChange:
    revision = visit.form.text("revision")
    return lambda seen: str(seen) == revision


def _patch(visit: Visit) -> ProductPatch:
    try:
        return patch_of(visit.form)
    except msgspec.ValidationError as error:
        raise refusal([fault_of(str(error), ProductPatch)]) from None


async def _show(
    parts: Parts,
    visit: Visit,
    product_id: str,
    *,
    faults: list[str] | None = None,
    wrong: Container[str] = (),
    status: int = 200,
    filled: bool = True,
) -> Response[str]:
    """The page; with `filled` the entries of a refused form stand in it, and the fields in `wrong` are marked."""
    base = await read_product(parts.database, visit.account_id, product_id, "base")
    head = base.head
    rows, more = await list_versions(parts.database, visit.account_id, product_id, before=None, limit=SHOWN_VERSIONS)
    stored = present(base)
    content = read_content(base.content)
    missing = find_missing(head, content) if head.draft_version else []
    return page(
        visit,
        "product.html",
        status=status,
        head=head,
        name=content.name,
        groups=GROUPS,
        filled={name: visit.form.text(name) for name in stored} if faults and filled else stored,
        parts=said(content),
        missing=[to_fill_in(one) for one in missing],
        versions=rows,
        more=more,
        may_write="products:write" in visit.scopes and head.status != "ARCHIVED",
        faults=faults or [],
        wrong=wrong,
    )
