"""`/products/{id}/remove`, `/discard` and `/unarchive`: each asks first what cannot be guessed from its button."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.diff_versions import diff_versions
from linkxg.catalog.products.discard_draft import discard_draft
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.remove_product import remove_product
from linkxg.catalog.products.unarchive_product import unarchive_product
from linkxg.console.console_services import Services
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest, visit_of
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import go, page
from linkxg.console.product_duplicates import holder_of
from linkxg.console.product_view import show_product
from linkxg.errors import DuplicateGtin, InvalidState, NoDraft, PreconditionFailed
from linkxg.http.permissions import session_roles

_CHANGED = "Somebody else has changed this product since you opened this page. Check it again first."


def routes(parts: Services) -> list[HTTPRouteHandler]:
    @get("/products/{product_id:str}/remove", **session_roles(WRITERS))
    async def ask_remove(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        return await _ask_remove(parts, visit_of(request), product_id)

    @post("/products/{product_id:str}/remove", **session_roles(WRITERS))
    async def remove(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        if answer := await _act_or_ask_again(parts, visit, product_id, remove_product, _ask_remove):
            return answer
        if visit.form.text("archives") == "yes":
            return go(visit, f"/products/{product_id}", done="product-archived")
        return go(visit, "/products", done="product-deleted")

    @get("/products/{product_id:str}/discard", **session_roles(WRITERS))
    async def ask_discard(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        return await _ask_discard(parts, visit_of(request), product_id)

    @post("/products/{product_id:str}/discard", **session_roles(WRITERS))
    async def discard(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        try:
            if answer := await _act_or_ask_again(parts, visit, product_id, discard_draft, _ask_discard):
                return answer
        except (InvalidState, NoDraft) as error:
            return await show_product(parts, visit, product_id, errors=whole_form(error.description), status=409)
        return go(visit, f"/products/{product_id}", done="draft-discarded")

    @post("/products/{product_id:str}/unarchive", **session_roles(WRITERS))
    async def unarchive(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        try:
            await unarchive_product(parts.database, visit.actor, visit.account_id, product_id, lambda seen: True)
        except DuplicateGtin as error:
            head, _ = await _read(parts, visit, product_id)
            errors = FormErrors()
            errors.add("", error.description, await holder_of(parts.database, visit.account_id, "gtin", head.gtin))
            return await show_product(parts, visit, product_id, errors=errors, status=409)
        except InvalidState as error:
            return await show_product(parts, visit, product_id, errors=whole_form(error.description), status=409)
        return go(visit, f"/products/{product_id}", done="product-unarchived")

    return [ask_remove, remove, ask_discard, discard, unarchive]


async def _act_or_ask_again(
    parts: Services,
    visit: PageRequest,
    product_id: str,
    act: Callable[..., Awaitable[object]],
    ask: Callable[..., Awaitable[Response[str]]],
) -> Response[str] | None:
    """Act on the revision that the person has seen; None once that is done."""
    revision = visit.form.text("revision")
    try:
        await act(parts.database, visit.actor, visit.account_id, product_id, lambda seen: str(seen) == revision)
    except PreconditionFailed:
        return await ask(parts, visit, product_id, errors=whole_form(_CHANGED), status=409)
    return None


async def _ask_remove(
    parts: Services, visit: PageRequest, product_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    """Archive or delete, with what becomes of versions, SKU and GTIN."""
    head, name = await _read(parts, visit, product_id)
    if head.status == "ARCHIVED":
        return go(visit, f"/products/{product_id}")
    return page(visit, "product_remove.html", status=status, head=head, name=name, errors=errors or FormErrors())


async def _ask_discard(
    parts: Services, visit: PageRequest, product_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    """With how many changes are lost."""
    head, name = await _read(parts, visit, product_id)
    if head.draft_version is None or head.latest_version is None or head.status == "ARCHIVED":
        return go(visit, f"/products/{product_id}")
    diff = await diff_versions(parts.database, visit.viewer, product_id, head.latest_version, head.draft_version)
    return page(
        visit,
        "product_discard.html",
        status=status,
        head=head,
        name=name,
        changes=len(diff.fields),
        errors=errors or FormErrors(),
    )


async def _read(parts: Services, visit: PageRequest, product_id: str) -> tuple[ProductRecord, str]:
    shown = await read_product(parts.database, visit.viewer, product_id, "base")
    return shown.head, read_content(shown.content).name
