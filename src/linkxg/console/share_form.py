"""The form of what is shared: the product, its fields and versions, and until when.

The editor of a share has all of it; the approval of a request has a part.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from linkxg.catalog.products.content import MEMBERS, read_content
from linkxg.catalog.products.model import ProductView
from linkxg.clock import rfc3339
from linkxg.console.expiry_day import NOT_A_DAY, end_of_day, expiry_fault
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.page_forms import PageForm
from linkxg.console.product_lookup import look_up_product
from linkxg.network.shares.model import MAX_FIELDS, CreateShare

MEMBER_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Identity", ("name", "description", "brand", "modelNumber", "category")),
    ("Origin", ("producer", "facility", "countryOfProduction")),
    ("Composition", ("dimensions", "materials", "performance", "packaging", "attributes")),
    ("Evidence", ("claims", "documents", "images")),
)
SHARE_TYPES = {"PRODUCT": "One product", "CATEGORY": "All products of a category", "ALL": "All products"}
VERSION_CHOICES = {"LATEST": "The latest published version", "ALL": "All published versions"}
TRACEABILITY = {"NONE": "None", "EVENTS": "Events of the product", "GRAPH": "Events and the supply chain"}
PASSPORT_ACCESS = {"legitimateInterest": "Legitimate interest", "authority": "Authority"}
_TEXTS = ("type", "product", "category", "content", "paths", "versions", "traceability", "tiers", "expires")
_LISTS = ("field", "passportRoles")
PREVIEW, LIVE_PREVIEW = "preview", "live"
"""Values of `then`: the button, whose answer has an address of its own, and the script, which shows it in place."""
MAX_ADDRESS = 4_000
ORDER = ("", "type", "product", "category", "content", "paths", "versions", "expires", "traceability", "tiers",
         "passportRoles")  # fmt: skip
"""The fields of the form, as the page has them."""
_NAMES = {"productId": "product", "fields": "content", "traceTiers": "tiers", "expiresAt": "expires"}
_UNKNOWN = "None of your products has this SKU, GTIN or id."
_SUBJECTS = {"product": "PRODUCT", "category": "CATEGORY"}


class TypedShare(NamedTuple):
    """`terms` are not checked yet. `contradiction` is what only a form can have: fields beside “All fields”."""

    terms: CreateShare
    paths: list[str]
    expires: str
    contradiction: str


def typed_form(page: PageRequest) -> PageForm:
    """What was typed: the form that was sent, or that of the preview whose address this is."""
    if page.form.pairs:
        return page.form
    return page.query if page.query.text("then") == PREVIEW else PageForm([])


def preview_address(page: PageRequest, *others: str) -> str | None:
    """The address of the preview, with which Back and a reload keep what was typed; None if that is too long.

    `others` are fields of the page beside those of a share.
    """
    typed = [(name, value) for name, value in page.form.pairs if value and name in (*_TEXTS, *_LISTS, *others)]
    address = f"{page.path}?{urlencode([*typed, ('then', PREVIEW)])}"
    return address if len(address) <= MAX_ADDRESS else None


async def read_share_form(page: PageRequest, *, type: str | None = None) -> TypedShare:
    """Everything that is typed is in the terms, so that the check finds all faults; `type` is that of an approval."""
    form = typed_form(page)
    product, category, expires = (form.text(name).strip() for name in ("product", "category", "expires"))
    found = await look_up_product(page.database, page.viewer, product) if product else None
    paths = [path for line in form.text("paths").split("\n") if (path := line.strip())]
    fields = [*form.all("field"), *paths]
    everything = form.text("content") == "all"
    terms = CreateShare(
        form.text("type") if type is None else type,
        # An unknown product stays one, for the check.
        (found.head.id if found else product) or None,
        category or None,
        None if everything else fields,
        form.text("versions") or "LATEST",
        form.text("traceability") or "NONE",
        _read_tiers(form.text("tiers").strip()),
        form.all("passportRoles"),
        _read_expiry(expires),
    )
    clear = "Clear the fields and paths, or choose “Only these fields”." if everything and fields else ""
    return TypedShare(terms, paths, expires, clear)


def share_errors(details: Sequence[dict[str, str]], typed: TypedShare) -> FormErrors:
    """The faults of a check at the fields of the form, in the order of the page."""
    found = [_form_error(detail, typed) for detail in details]
    if typed.contradiction:
        found.append(("content", typed.contradiction))
    return FormErrors(sorted(found, key=lambda one: ORDER.index(one[0])))


def filled_form(form: PageForm, **defaults: Any) -> dict[str, Any]:
    """The values of the controls: what was typed, or the defaults of a new form."""
    if form.pairs:
        return {name: form.text(name) for name in _TEXTS} | {name: form.all(name) for name in _LISTS}
    values: dict[str, Any] = dict.fromkeys(_TEXTS, "") | {name: [] for name in _LISTS}
    return values | {"type": "PRODUCT", "content": "only", "versions": "LATEST", "traceability": "NONE"} | defaults


def product_name(view: ProductView) -> str:
    return read_content(view.content).name


def _read_tiers(text: str) -> int:
    """A number that fits no share if it is none."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1


def _read_expiry(text: str) -> str | None:
    """The end of the day as an RFC 3339 time; the text itself if it is no day."""
    if not text:
        return None
    if expiry_fault(text) == NOT_A_DAY:
        return text
    return rfc3339((end_of_day(text) or 0) * 1_000)


def _form_error(detail: dict[str, str], typed: TypedShare) -> tuple[str, str]:
    """(field of the form, message) of a fault."""
    path, code, message = detail["field"], detail["code"], detail["message"]
    member, _, index = path.rstrip("]").partition("[")
    field = _NAMES.get(member, member)
    if field == "content" and index:
        fields = typed.terms.fields or []
        wrong = fields[int(index)]
        own = int(index) >= len(fields) - len(typed.paths)
        return "paths" if own else "content", f"{wrong[:60]}: no product has this field."
    if field == "content":
        few = "Choose at least one field, or “All fields”."
        return field, f"Choose at most {MAX_FIELDS} fields." if typed.terms.fields else few
    if field in _SUBJECTS and code == "missing":
        return field, "Enter a SKU, a GTIN or an id." if field == "product" else "Enter the code of a category."
    if field in _SUBJECTS and typed.terms.type in SHARE_TYPES and typed.terms.type != _SUBJECTS[field]:
        return field, f"Choose “{SHARE_TYPES[_SUBJECTS[field]]}”, or clear this."
    if field == "product":
        return field, _UNKNOWN
    if field == "expires":
        return field, expiry_fault(typed.expires) or message
    if field == "type":
        return field, "Choose what you share."
    if field == "tiers" and typed.terms.trace_tiers > 0 and typed.terms.traceability != "GRAPH":
        return field, f"Choose “{TRACEABILITY['GRAPH']}”, or clear this."
    return (field, message) if field in ORDER else ("", message)


assert {"access", *(member for _, members in MEMBER_GROUPS for member in members)} == set(MEMBERS)
