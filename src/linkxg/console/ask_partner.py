"""`/partners/{id}/ask`: asks a partner for product data, a trace or a passport."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.identifiers.read_typed import typed_gtin
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.partners import PARTNERS, name_of
from linkxg.console.requests import REQUEST_TYPES
from linkxg.errors import Conflict, InvalidState, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.ids import is_uuid
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.read_connections import read_connection
from linkxg.network.requests.model import CreateShareRequest
from linkxg.network.requests.send_request import REQUESTS as BUDGET
from linkxg.network.requests.send_request import send_request

ASK = f"{PARTNERS}/{{connection_id:str}}/ask"
_FIELDS = {"gtin": "subject", "productId": "subject", "item": "subject"}


@get(ASK, **session_roles(ADMINISTRATORS))
async def new(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    connection = await read_connection(page.database, page.account_id, connection_id)
    if connection.status != "ACTIVE":
        return redirect(page, f"{PARTNERS}/{connection_id}")
    return _form(page, connection)


@post(ASK, **session_roles(ADMINISTRATORS))
async def ask(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    connection = await read_connection(page.database, page.account_id, connection_id)
    try:
        await page.services.limits.spend(BUDGET, caller_key(page.account_id, page.person.user_id))
        # Submitting the form twice asks once.
        sent, _ = await send_request(
            page.database, page.actor, page.account_id, connection_id, _read_request(page), page.form.idempotency_key
        )
    except ValidationFailed as error:
        errors = FormErrors([_form_error(page, one) for one in error.details or ()])
        return _form(page, connection, errors=errors, status=error.status)
    except (Conflict, InvalidState) as error:
        return _form(page, connection, errors=whole_form(error.description), status=error.status)
    except RateLimitExceeded as error:
        return _form(page, connection, errors=wait_for_budget(error), status=error.status)
    message = f"{name_of(connection)} has your request. You are not told whether they have the product."
    return redirect(page, f"/requests/{sent.id}", **flash_message(page, message))


HANDLERS = (new, ask)


def _read_request(page: PageRequest) -> CreateShareRequest:
    """A link or URN names an item; everything else that is no id is read as a GTIN."""
    text = page.form.text("subject").strip()
    given = CreateShareRequest(page.form.text("type"), page.form.text("purpose").strip())
    if is_uuid(text):
        given.product_id = text
    elif "://" in text or text.lower().startswith("urn:"):
        given.item = text
    elif text:
        given.gtin = typed_gtin(text)
    return given


def _form_error(page: PageRequest, fault: dict[str, str]) -> tuple[str, str]:
    field = _FIELDS.get(fault["field"], fault["field"])
    if field == "subject" and not page.form.text("subject").strip():
        return field, "Enter what you ask for."
    if field == "type":
        return field, "Choose what you need."
    return field, fault["message"]


def _form(
    page: PageRequest, connection: ConnectionView, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    typed = page.form if page.form.pairs else page.query
    filled = {name: typed.text(name) for name in ("type", "subject", "purpose")}
    return render(
        page,
        "ask_partner.html",
        status=status,
        connection=connection,
        name=name_of(connection),
        key=page.form.key_or_new(),
        filled=filled | {"type": filled["type"] or "PRODUCT"},
        types=REQUEST_TYPES,
        errors=errors,
    )
