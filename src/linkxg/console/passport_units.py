"""`/products/{id}/passport/units/new`: issues the passports of a batch and of items."""

import re
from datetime import date

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.read_product import read_product
from linkxg.console.expiry_day import NOT_A_DAY
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.errors import InvalidState, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.network.passports.issue.issue_units import PASSPORT_ISSUES, issue_units
from linkxg.network.passports.issue.model import MAX_UNITS, IssuePassports, UnitPassport
from linkxg.network.passports.read.own_passports import find_product_passport

NEW_UNITS = "/products/{product_id:str}/passport/units/new"
FIELDS = ("lot", "serials", "productionDate", "expiryDate")
_AT = re.compile(r"passports\[(\d+)\](?:\.(\w+))?")


@get(NEW_UNITS, **session_roles(WRITERS))
async def new(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _form(page, product_id)


@post(NEW_UNITS, **session_roles(WRITERS))
async def create(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    await read_product(page.database, page.viewer, product_id, "base")
    errors = FormErrors()
    units = _read_units(page, errors)
    if errors:
        return await _form(page, product_id, errors, 422)
    try:
        await page.services.limits.spend(PASSPORT_ISSUES, caller_key(page.account_id, page.person.user_id))
        # Submitting the form twice issues them once.
        issued = await issue_units(
            page.database, page.actor, page.account_id, product_id, IssuePassports(units), page.form.idempotency_key,
            only_new=True,
        )  # fmt: skip
    except ValidationFailed as error:
        return await _form(page, product_id, _errors_of(error, units), error.status)
    except InvalidState as error:
        return await _form(page, product_id, whole_form(error.description), error.status)
    except RateLimitExceeded as error:
        return await _form(page, product_id, wait_for_budget(error), error.status)
    number = len(issued.value)
    text = (
        f"{count(number, 'passport is', 'passports are')} issued. Print their labels, or open one to change its state."
    )
    return redirect(page, f"/products/{product_id}/passport", **flash_message(page, text))


HANDLERS = (new, create)


def _read_units(page: PageRequest, errors: FormErrors) -> list[UnitPassport]:
    """The batch, if no serial numbers are given or it is asked for, and then the items."""
    form = page.form
    lot, serials = form.text("lot").strip() or None, form.items("serials")
    if not lot and not serials:
        errors.add("lot", "Enter a batch, serial numbers, or both.")
    if len(serials) >= MAX_UNITS:
        errors.add("serials", f"At most {MAX_UNITS - 1} at a time; {len(serials)} serial numbers were given.")
    made, expires = (_read_day(page, name, errors) for name in ("productionDate", "expiryDate"))
    with_batch = lot is not None and (not serials or form.has("with_batch"))
    identities = [(lot, None)] * with_batch + [(lot, serial) for serial in serials]
    return [UnitPassport(lot, serial, made, expires) for lot, serial in identities]


def _read_day(page: PageRequest, name: str, errors: FormErrors) -> date | None:
    text = page.form.text(name).strip()
    try:
        return msgspec.convert(text, date) if text else None
    except msgspec.ValidationError:
        errors.add(name, NOT_A_DAY)
        return None


def _errors_of(error: ValidationFailed, units: list[UnitPassport]) -> FormErrors:
    """The faults of the check, each once at its field; that of an item names its serial number."""
    found: dict[tuple[str, str], None] = {}
    for detail in error.details or ():
        at = _AT.fullmatch(detail["field"])
        unit = units[int(at[1])] if at else UnitPassport()
        name = (at[2] if at else None) or ("serial" if unit.serial else "lot")
        field = "serials" if name == "serial" else name if name in FIELDS else ""
        message = f"{unit.serial}: {detail['message']}" if field == "serials" else detail["message"]
        found[field, message] = None
    order = ("", *FIELDS)
    return FormErrors(sorted(found, key=lambda one: order.index(one[0])))


async def _form(
    page: PageRequest, product_id: str, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    product = await read_product(page.database, page.viewer, product_id, "base")
    return render(
        page,
        "passport_units_new.html",
        status=status,
        head=product.head,
        name=read_content(product.content).name,
        has_passport=await find_product_passport(page.database, page.account_id, product_id) is not None,
        key=page.form.key_or_new(),
        filled={name: page.form.text(name) for name in FIELDS},
        with_batch=page.form.has("with_batch"),
        errors=errors,
    )
