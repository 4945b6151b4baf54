"""`/products/{id}/remove`, `/discard` and `/unarchive`; the first two ask for confirmation."""

from collections.abc import Awaitable, Callable
from functools import partial

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.diff_versions import diff_versions
from linkxg.catalog.products.discard_draft import discard_draft
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.remove_product import remove_product
from linkxg.catalog.products.unarchive_product import unarchive_product
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.console.product_duplicates import link_to_holder
from linkxg.console.product_view import show_product
from linkxg.errors import DuplicateGtin, InvalidState, NoDraft, PreconditionFailed
from linkxg.http.permissions import session_roles

_CHANGED = "Somebody else has changed this product since you opened this page. Check it again first."


@get("/products/{product_id:str}/remove", **session_roles(WRITERS))
async def ask_remove(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _ask_remove(page, product_id)


@post("/products/{product_id:str}/remove", **session_roles(WRITERS))
async def remove(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    if answer := await _act_or_ask_again(
        page, product_id, partial(remove_product, hooks=page.services.state_hooks), _ask_remove
    ):
        return answer
    if page.form.text("archives") == "yes":
        return redirect(page, f"/products/{product_id}", done="product-archived")
    return redirect(page, "/products", done="product-deleted")


@get("/products/{product_id:str}/discard", **session_roles(WRITERS))
async def ask_discard(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _ask_discard(page, product_id)


@post("/products/{product_id:str}/discard", **session_roles(WRITERS))
async def discard(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    try:
        if answer := await _act_or_ask_again(page, product_id, discard_draft, _ask_discard):
            return answer
    except (InvalidState, NoDraft) as error:
        return await show_product(page, product_id, errors=whole_form(error.description), status=409)
    return redirect(page, f"/products/{product_id}", done="draft-discarded")


@post("/products/{product_id:str}/unarchive", **session_roles(WRITERS))
async def unarchive(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    try:
        await unarchive_product(
            page.database, page.actor, page.account_id, product_id, lambda seen: True, page.services.state_hooks
        )
    except DuplicateGtin as error:
        head, _ = await _read(page, product_id)
        errors = FormErrors()
        errors.add("", error.description, await link_to_holder(page.database, page.account_id, "gtin", head.gtin))
        return await show_product(page, product_id, errors=errors, status=409)
    except InvalidState as error:
        return await show_product(page, product_id, errors=whole_form(error.description), status=409)
    return redirect(page, f"/products/{product_id}", done="product-unarchived")


HANDLERS = (ask_remove, remove, ask_discard, discard, unarchive)


async def _act_or_ask_again(
    page: PageRequest,
    product_id: str,
    act: Callable[..., Awaitable[object]],
    ask: Callable[..., Awaitable[Response[str]]],
) -> Response[str] | None:
    """Act on the revision that the person saw; None on success."""
    revision = page.form.text("revision")
    try:
        await act(page.database, page.actor, page.account_id, product_id, lambda seen: str(seen) == revision)
    except PreconditionFailed:
        return await ask(page, product_id, errors=whole_form(_CHANGED), status=409)
    return None


async def _ask_remove(
    page: PageRequest, product_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    """Ask before archiving or deleting, with the effect on versions, SKU and GTIN."""
    head, name = await _read(page, product_id)
    if head.status == "ARCHIVED":
        return redirect(page, f"/products/{product_id}")
    return render(page, "product_remove.html", status=status, head=head, name=name, errors=errors)


async def _ask_discard(
    page: PageRequest, product_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    """Ask before discarding, with the number of changes lost."""
    head, name = await _read(page, product_id)
    if head.draft_version is None or head.latest_version is None or head.status == "ARCHIVED":
        return redirect(page, f"/products/{product_id}")
    diff = await diff_versions(page.database, page.viewer, product_id, head.latest_version, head.draft_version)
    return render(
        page,
        "product_discard.html",
        status=status,
        head=head,
        name=name,
        changes=len(diff.fields),
        errors=errors,
    )


async def _read(page: PageRequest, product_id: str) -> tuple[ProductRecord, str]:
    shown = await read_product(page.database, page.viewer, product_id, "base")
    return shown.head, read_content(shown.content).name
