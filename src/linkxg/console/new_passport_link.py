"""`/products/{id}/passport/link`: gives access to a passport without a request, for example to an authority."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.read_product import read_product
from linkxg.console.form_errors import FormErrors, wait_for_budget
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import render
from linkxg.console.passport_terms import ROLES, access_services, filled_terms, read_terms, terms_errors
from linkxg.console.step_up import ask_step_up
from linkxg.errors import RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.network.passports.access.grant_access import GRANTS, grant_access
from linkxg.network.passports.access.model import GrantAccess
from linkxg.network.passports.read.own_passports import find_product_passport

NEW_LINK = "/products/{product_id:str}/passport/link"
_UNKNOWN = "No passport of this product has this batch and serial number."


@get(NEW_LINK, **session_roles(WRITERS))
async def new(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _form(page, product_id)


@post(NEW_LINK, **session_roles(WRITERS))
async def create(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    """The answer shows the link, once."""

    async def back() -> Response[str]:
        return await _form(page, product_id)

    await read_product(page.database, page.viewer, product_id, "base")
    asking = await ask_step_up(page, "give access to a passport", back=back)
    if asking is not None:
        return asking
    lot, serial, terms = page.form.text("lot").strip(), page.form.text("serial").strip(), read_terms(page)
    given = GrantAccess(
        terms.roles, page.form.text("purpose").strip(), page.form.text("recipient").strip(), terms.expires_at,
        terms.single_use, terms.includes_below,
    )  # fmt: skip
    found = await find_product_passport(page.database, page.account_id, product_id, lot, serial)
    try:
        await page.services.limits.spend(GRANTS, caller_key(page.account_id, page.person.user_id))
        if found is None:
            raise ValidationFailed(details=[{"field": "serial" if serial else "lot", "code": "", "message": _UNKNOWN}])
        # Submitting the form twice makes one link, and shows it twice.
        made = await grant_access(
            access_services(page), page.actor, page.account_id, found.passport.id, given, page.form.idempotency_key
        )
    except ValidationFailed as error:
        return await _form(page, product_id, terms_errors(error, page), error.status)
    except RateLimitExceeded as error:
        return await _form(page, product_id, wait_for_budget(error), error.status)
    return render(page, "passport_link.html", made=made.value, passport=found.passport, roles=ROLES)


HANDLERS = (new, create)


async def _form(
    page: PageRequest, product_id: str, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    product = await read_product(page.database, page.viewer, product_id, "base")
    return render(
        page,
        "new_passport_link.html",
        status=status,
        head=product.head,
        name=read_content(product.content).name,
        has_passport=await find_product_passport(page.database, page.account_id, product_id) is not None,
        key=page.form.key_or_new(),
        filled=filled_terms(page, []),
        roles=ROLES,
        errors=errors,
    )
