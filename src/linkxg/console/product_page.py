"""`/products/{id}`: one product and its draft to fill in."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from linkxg.catalog.products.change_product import change_product
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.read_product import read_product
from linkxg.console.console_services import Services
from linkxg.console.form_errors import whole_form
from linkxg.console.guard import PageRequest, visit_of
from linkxg.console.notices import flash_message
from linkxg.console.pages import go
from linkxg.console.product_duplicates import taken_errors
from linkxg.console.product_fields import form_errors, present
from linkxg.console.product_form import ProductEdit, cleaned, patch_of, read_edit
from linkxg.console.product_save_messages import NOTHING, conflicts_of, saved_text
from linkxg.console.product_view import show_product
from linkxg.errors import AccessDenied, DuplicateGtin, DuplicateSku, InvalidState, PreconditionFailed, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE

ATTEMPTS = 5
"""How often a save is decided again because somebody else was faster."""
_OUTRUN = "Others are changing this product at the same time. Your input has been kept: save again."
_NOTHING_NEW = "Nothing has changed since the last version, so there is nothing to publish."

_AT_ONCE = "SKU and GTIN are not part of a version, so there is nothing to publish."


def routes(parts: Services) -> list[HTTPRouteHandler]:
    @get("/products/{product_id:str}", **session_roles(EVERYONE))
    async def show(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        return await show_product(parts, visit_of(request), product_id)

    @post("/products/{product_id:str}", **session_roles(EVERYONE))
    async def save(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[str]:
        visit = visit_of(request)
        if "products:write" not in visit.scopes:
            raise AccessDenied
        base = edit = None
        for _ in range(ATTEMPTS):
            base = await read_product(parts.database, visit.viewer, product_id, "base")
            edit = read_edit(visit.form, present(base), base.head.revision)
            answer = await _save(parts, visit, base, edit)
            if answer is not None:
                return answer
        return await show_product(
            parts, visit, product_id, base=base, edit=edit, errors=whole_form(_OUTRUN), status=409
        )

    return [show, save]


async def _save(parts: Services, visit: PageRequest, base: ProductView, edit: ProductEdit) -> Response[str] | None:
    """The answer; None when somebody else was faster, so that it has to be decided again."""
    product_id, revision = base.head.id, base.head.revision
    if edit.both:
        errors, conflicts = await conflicts_of(parts.database, visit, base, edit)
        return await show_product(
            parts, visit, product_id, base=base, edit=edit, errors=errors, conflicts=conflicts, status=409
        )
    if not edit.mine:
        return _onward(visit, product_id, base.head.draft_version, NOTHING)
    patch = patch_of(edit.mine, present(base))
    try:
        product = await change_product(
            parts.database, visit.actor, visit.account_id, product_id, patch, lambda seen: seen == revision
        )
    except PreconditionFailed:
        return None
    except ValidationFailed as error:
        return await show_product(parts, visit, product_id, base=base, edit=edit, errors=form_errors(error), status=422)
    except (DuplicateSku, DuplicateGtin) as error:
        given = {name: cleaned(name, edit.mine.get(name, "")) for name in ("sku", "gtin")}
        errors = await taken_errors(parts.database, visit.account_id, error, given, prefix="f-")
        return await show_product(parts, visit, product_id, base=base, edit=edit, errors=errors, status=409)
    except InvalidState as error:
        errors = whole_form(error.description)
        return await show_product(parts, visit, product_id, base=base, edit=edit, errors=errors, status=409)
    text = await saved_text(parts.database, visit, base, edit, product)
    return _onward(visit, product_id, product.draft_version, text)


def _onward(visit: PageRequest, product_id: str, draft: int | None, text: str) -> Response[str]:
    """To the product, or to the page on which its draft is published."""
    here = f"/products/{product_id}"
    if visit.form.text("then") != "review":
        return go(visit, here, **flash_message(visit, text))
    if draft is None:
        return go(visit, here, **flash_message(visit, _NOTHING_NEW if text == NOTHING else f"{text} {_AT_ONCE}"))
    return go(visit, f"{here}/review", **(flash_message(visit, text) if text != NOTHING else {}))
