"""`/products/{id}/passport/access`: who sees which field of the passport, from the next version on."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.change_product import change_product
from linkxg.catalog.products.content import MEMBERS
from linkxg.catalog.products.model import ProductPatch, ProductView
from linkxg.catalog.products.read_product import read_product
from linkxg.console.flash_messages import flash_message
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.console.product_fields import label
from linkxg.console.product_save_messages import NOTHING_CHANGED
from linkxg.console.three_way_merge import ATTEMPTS, digest, merge, original_values
from linkxg.errors import InvalidRequest, InvalidState, PreconditionFailed, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.network.passports.documents.access_sets import access_set
from linkxg.network.passports.documents.redaction import JOURNEY

ACCESS = "/products/{product_id:str}/passport/access"
EVERYBODY, NOBODY = "public", ""
_RESTRICTED = {
    "legitimateInterest": "Legitimate interest",
    "authority": "Authority",
    "authority legitimateInterest": "Legitimate interest and authority",
}
CHOICES = {EVERYBODY: "Everybody", **_RESTRICTED}
JOURNEY_CHOICES = {NOBODY: "Not shared", **CHOICES}
MAX_ROWS = 250
"""Each has two fields of the form."""
_SEES = "sees."
_ARCHIVED = "This product is archived. Unarchive it first."
_BUSY = "Others are changing this product at the same time. Your input has been kept: save again."


@get(ACCESS, **session_roles(WRITERS))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _show(page, await read_product(page.database, page.viewer, product_id, "base"))


@post(ACCESS, **session_roles(WRITERS))
async def save(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    """Saves in the draft what this person changed; what others did in the meantime is kept."""
    base = None
    for _ in range(ATTEMPTS):
        base = await read_product(page.database, page.viewer, product_id, "base")
        answer = await _save(page, base)
        if answer is not None:
            return answer
    return await _show(page, base, whole_form(_BUSY), 409) if base else redirect(page, f"/products/{product_id}")


HANDLERS = (show, save)


def rows_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Who sees each field that the content has or restricts, by its path: roles in their order, joined by spaces."""
    access = content.get("access") or {}
    attributes = [f"attributes.{name}" for name in content.get("attributes") or ()]
    present = [name for name in MEMBERS if name in content and name != "access"]
    paths = [path for path in dict.fromkeys((*present, *attributes, *access)) if path != JOURNEY]
    found = {path: _choice_of(access.get(path)) for path in paths[:MAX_ROWS]}
    return found | {JOURNEY: _choice_of(access[JOURNEY]) if JOURNEY in access else NOBODY}


def _choice_of(access: str | list[str] | None) -> str:
    roles = access_set(access)
    return EVERYBODY if EVERYBODY in roles else " ".join(sorted(roles))


def choices_of(path: str) -> dict[str, str]:
    return JOURNEY_CHOICES if path == JOURNEY else CHOICES


def field_of(path: str) -> str:
    """The field of the form: an attribute may have any name."""
    return _SEES + digest(path)


async def _save(page: PageRequest, base: ProductView) -> Response[str] | None:
    """None after a concurrent change, to retry."""
    now, product_id, revision = _stored(base), base.head.id, base.head.revision
    mine = {name: page.form.text(name) if page.form.has(name) else was for name, was in _opened(page, now).items()}
    paths = {field_of(path): path for path in rows_of(msgspec.json.decode(base.content))}
    if any(value not in choices_of(paths[name]) for name, value in mine.items()):
        raise InvalidRequest("Choose who sees the field.")
    edit = merge(page.form, mine, now)
    if edit.conflicts:
        errors = FormErrors(
            (
                name,
                f"Somebody else has changed this to “{choices_of(paths[name])[one.theirs]}” in the meantime. Yours is "
                "still chosen: save again to keep it.",
            )
            for name, one in edit.conflicts.items()
        )
        return await _show(page, base, errors, 409, conflicts=edit.conflicts)
    if not edit.changed:
        return redirect(page, f"/products/{product_id}/passport", **flash_message(page, NOTHING_CHANGED))
    access = {paths[name]: _access_of(paths[name], value) for name, value in edit.changed.items()}
    try:
        await change_product(
            page.database, page.actor, page.account_id, product_id, ProductPatch(content={"access": access}),
            lambda seen: seen == revision,
        )  # fmt: skip
    except PreconditionFailed:
        return None
    except ValidationFailed as error:
        details = error.details or ()
        return await _show(page, base, whole_form(" ".join(one["message"] for one in details)), error.status)
    except InvalidState:
        return await _show(page, base, whole_form(_ARCHIVED), 409)
    text = "Saved in the draft. It holds from the next version on: publish it."
    return redirect(page, f"/products/{product_id}/passport", **flash_message(page, text))


def _access_of(path: str, choice: str) -> list[str] | None:
    """The member of `access`; None removes it. A journey is shared by name alone."""
    if choice == NOBODY or (choice == EVERYBODY and path != JOURNEY):
        return None
    return choice.split(" ")


def _stored(base: ProductView) -> dict[str, str]:
    return {field_of(path): choice for path, choice in rows_of(msgspec.json.decode(base.content)).items()}


def _opened(page: PageRequest, now: Mapping[str, str]) -> dict[str, str]:
    return original_values(page.form, now, now)


async def _show(
    page: PageRequest,
    base: ProductView,
    errors: FormErrors | None = None,
    status: int = 200,
    conflicts: Mapping[str, Any] | None = None,
) -> Response[str]:
    content = msgspec.json.decode(base.content)
    now, rows = _stored(base), rows_of(content)
    chosen = {name: page.form.text(name) if page.form.has(name) else value for name, value in now.items()}
    return render(
        page,
        "passport_access.html",
        status=status,
        head=base.head,
        name=content["name"],
        rows=[(label(path), field_of(path), choices_of(path)) for path in rows],
        is_cut=len(rows) > MAX_ROWS,
        chosen=chosen,
        # Of a conflict, what is stored now: to save again is to decide.
        was=_opened(page, now) | {name: now[name] for name in conflicts or ()},
        errors=errors,
    )
