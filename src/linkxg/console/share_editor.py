"""`/partners/{id}/share`: shares products with a partner, with a preview.

`/products/{id}/share` asks for the partner first.
"""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.used_categories import UsedCategory, similar_categories, used_categories
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.confirmation_fields import CANCEL
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.partners import PARTNERS, connected_partners, name_of
from linkxg.console.share_form import (
    LIVE_PREVIEW,
    MEMBER_GROUPS,
    PASSPORT_ACCESS,
    PREVIEW,
    SHARE_TYPES,
    TRACEABILITY,
    VERSION_CHOICES,
    TypedShare,
    filled_form,
    preview_address,
    product_name,
    read_share_form,
    share_errors,
    typed_form,
)
from linkxg.console.share_preview import PreviewedShare, preview_of
from linkxg.errors import Conflict, InvalidState, NotFound, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.read_connections import read_connection
from linkxg.network.shares.create_share import SHARES, create_share, preview_share

LISTED_CATEGORIES = 200
EDITOR = f"{PARTNERS}/{{connection_id:str}}/share"


@get(EDITOR, **session_roles(ADMINISTRATORS))
async def new(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    connection = await read_connection(page.database, page.account_id, connection_id)
    if connection.status != "ACTIVE":
        return redirect(page, f"{PARTNERS}/{connection_id}")
    if page.query.text("then") == PREVIEW:
        return await _preview(page, connection)
    return await _form(page, connection, product=await _prefilled(page))


@post(EDITOR, **session_roles(ADMINISTRATORS))
async def share(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    connection = await read_connection(page.database, page.account_id, connection_id)
    if page.form.text(CANCEL):
        return await _form(page, connection)
    then = page.form.text("then")
    if then == PREVIEW and (address := preview_address(page)):
        return redirect(page, address)
    if then in (PREVIEW, LIVE_PREVIEW):
        return await _preview(page, connection)
    typed = await read_share_form(page)
    try:
        similar = None if confirmed(page) else await _similar_categories(page, typed)
        if typed.contradiction or similar is not None:
            await preview_typed(page, connection_id, typed)
        if similar is not None:
            return ask_confirmation(page, _unused_category(connection, typed, similar), back_to_form=True)
        await page.services.limits.spend(SHARES, caller_key(page.account_id, page.person.user_id))
        # Submitting the form twice creates one share.
        made, _ = await create_share(
            page.database, page.actor, page.account_id, connection_id, typed.terms, page.form.idempotency_key
        )
    except ValidationFailed as error:
        return await _form(page, connection, errors=share_errors(error.details or (), typed), status=error.status)
    except (Conflict, InvalidState) as error:
        return await _form(page, connection, errors=whole_form(error.description), status=error.status)
    except RateLimitExceeded as error:
        return await _form(page, connection, errors=wait_for_budget(error), status=error.status)
    message = f"Shared with {name_of(connection)}. {made.summary}"
    return redirect(page, f"/shares/{made.id}", **flash_message(page, message))


@get("/products/{product_id:str}/share", **session_roles(ADMINISTRATORS))
async def choose_partner(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    shown = await read_product(page.database, page.viewer, product_id)
    partners, more = await connected_partners(page)
    return render(page, "share_product.html", head=shown.head, name=product_name(shown), partners=partners, more=more)


HANDLERS = (new, share, choose_partner)


async def preview_typed(page: PageRequest, connection_id: str, typed: TypedShare) -> PreviewedShare:
    """Raises ValidationFailed with every fault, also of the form itself, or InvalidState."""
    shown = await preview_share(page.database, page.account_id, connection_id, typed.terms)
    if typed.contradiction:
        raise ValidationFailed(details=[])
    return preview_of(shown, typed.terms.fields)


async def _preview(page: PageRequest, connection: ConnectionView) -> Response[str]:
    typed = await read_share_form(page)
    try:
        shown = await preview_typed(page, connection.id, typed)
    except ValidationFailed as error:
        return await _form(page, connection, errors=share_errors(error.details or (), typed), status=error.status)
    except InvalidState as error:
        return await _form(page, connection, errors=whole_form(error.description), status=error.status)
    return await _form(page, connection, preview=shown, similar=await _similar_categories(page, typed))


async def _similar_categories(page: PageRequest, typed: TypedShare) -> list[UsedCategory] | None:
    """None unless a category is shared that no product of the account is in."""
    code = typed.terms.category
    if typed.terms.type != "CATEGORY" or code is None:
        return None
    return await similar_categories(page.database, page.viewer, code)


def _unused_category(connection: ConnectionView, typed: TypedShare, similar: list[UsedCategory]) -> Question:
    name, code = name_of(connection), typed.terms.category
    effects = [f"{name} sees nothing by this share until you publish a product in category {code}."]
    if similar:
        found = ", ".join(f"{one.code} ({one.name})" if one.name else one.code for one in similar)
        effects.append(f"Similar categories of your products: {found}.")
    title = f"Share category {code}, which none of your products is in?"
    return Question(title, effects, "Share it anyway", "Change the category", "")


async def _prefilled(page: PageRequest) -> str:
    """The SKU of the product that the address names."""
    asked = page.query.text("product")
    if not asked:
        return ""
    try:
        return (await read_product(page.database, page.viewer, asked)).head.sku
    except NotFound:
        return asked


async def _form(
    page: PageRequest,
    connection: ConnectionView,
    *,
    product: str = "",
    preview: PreviewedShare | None = None,
    similar: list[UsedCategory] | None = None,
    errors: FormErrors | None = None,
    status: int = 200,
) -> Response[str]:
    return render(
        page,
        "share_editor.html",
        status=status,
        connection=connection,
        name=name_of(connection),
        key=page.form.key_or_new(),
        filled=filled_form(typed_form(page), product=product),
        preview=preview,
        similar=similar,
        categories=await used_categories(page.database, page.viewer, LISTED_CATEGORIES),
        groups=MEMBER_GROUPS,
        types=SHARE_TYPES,
        versions=VERSION_CHOICES,
        traceability=TRACEABILITY,
        passport_roles=PASSPORT_ACCESS,
        errors=errors,
    )
