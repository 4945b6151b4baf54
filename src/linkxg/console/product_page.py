"""`/products/{id}`: shows a product and saves its draft."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.change_product import change_product
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.read_product import read_product
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect
from linkxg.console.product_duplicates import add_duplicates, duplicate_errors
from linkxg.console.product_fields import field_values, form_errors
from linkxg.console.product_form import ProductEdit, merge_patch, normalised, read_edit
from linkxg.console.product_save_messages import NOTHING_CHANGED, conflicts_of, saved_text
from linkxg.console.product_view import show_product
from linkxg.errors import AccessDenied, DuplicateGtin, DuplicateSku, InvalidState, PreconditionFailed, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE

ATTEMPTS = 5
"""How often a save is retried after a concurrent change."""
_BUSY = "Others are changing this product at the same time. Your input has been kept: save again."
_ARCHIVED = (
    "This product was archived in the meantime, so nothing was saved. Your input has been kept: unarchive the product "
    "in another window, then save again."
)
_NOTHING_TO_PUBLISH = "Nothing has changed since the last version, so there is nothing to publish."
_NOT_VERSIONED = "SKU and GTIN are not part of a version, so there is nothing to publish."


@get("/products/{product_id:str}", **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await show_product(page, product_id)


@post("/products/{product_id:str}", **session_roles(EVERYONE))
async def save(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    if "products:write" not in page.scopes:
        raise AccessDenied
    base = edit = None
    for _ in range(ATTEMPTS):
        base = await read_product(page.database, page.viewer, product_id, "base")
        edit = read_edit(page.form, field_values(base), base.head.revision)
        answer = await _save(page, base, edit)
        if answer is not None:
            return answer
    return await show_product(page, product_id, base=base, edit=edit, errors=whole_form(_BUSY), status=409)


HANDLERS = (show, save)


async def _save(page: PageRequest, base: ProductView, edit: ProductEdit) -> Response[str] | None:
    """The response; None after a concurrent change, to retry."""
    product_id, revision = base.head.id, base.head.revision
    if edit.both:
        errors, conflicts = await conflicts_of(page, base, edit)
        return await show_product(
            page, product_id, base=base, edit=edit, errors=errors, conflicts=conflicts, status=409
        )
    if not edit.mine:
        return _redirect_after_save(page, product_id, base.head.draft_version, NOTHING_CHANGED)
    identifiers = {name: normalised(name, edit.mine.get(name, "")) for name in ("sku", "gtin")}
    patch = merge_patch(edit.mine, field_values(base))
    try:
        product = await change_product(
            page.database, page.actor, page.account_id, product_id, patch, lambda seen: seen == revision
        )
    except PreconditionFailed:
        return None
    except ValidationFailed as error:
        errors = await add_duplicates(page.database, page.account_id, form_errors(error), identifiers)
        return await show_product(page, product_id, base=base, edit=edit, errors=errors, status=422)
    except (DuplicateSku, DuplicateGtin) as error:
        errors = await duplicate_errors(page.database, page.account_id, error, identifiers, prefix="f-")
        return await show_product(page, product_id, base=base, edit=edit, errors=errors, status=409)
    except InvalidState as error:
        errors = whole_form(_ARCHIVED if base.head.status == "ARCHIVED" else error.description)
        return await show_product(page, product_id, base=base, edit=edit, errors=errors, status=409)
    text = await saved_text(page, base, edit, product)
    return _redirect_after_save(page, product_id, product.draft_version, text)


def _redirect_after_save(page: PageRequest, product_id: str, draft: int | None, text: str) -> Response[str]:
    """Redirect to the product, or to the review of its draft."""
    here = f"/products/{product_id}"
    if page.form.text("then") != "review":
        return redirect(page, here, **flash_message(page, text))
    if draft is None:
        return redirect(
            page,
            here,
            **flash_message(page, _NOTHING_TO_PUBLISH if text == NOTHING_CHANGED else f"{text} {_NOT_VERSIONED}"),
        )
    return redirect(page, f"{here}/review", **(flash_message(page, text) if text != NOTHING_CHANGED else {}))
