"""`/products/{id}/versions/{n}` and `/compare/{a}/{b}`: shows, compares and withdraws versions."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.begin_draft import begin_draft
from linkxg.catalog.products.canonical import content_hash as quoted_digest
from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.diff_versions import diff_versions
from linkxg.catalog.products.list_versions import read_version
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.versions.model import MAX_NOTE_LENGTH, WithdrawVersion
from linkxg.catalog.products.withdraw_version import withdraw_version
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.console.product_fields import format_value, label, leaves
from linkxg.errors import AccessDenied, InvalidState
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.roles import EVERYONE

_REASON = f"Give a reason of at most {MAX_NOTE_LENGTH:,} characters: everyone who relied on this version can read it."


@get("/products/{product_id:str}/versions/{version:int}", **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str], version: FromPath[int]) -> Response[str]:
    return await _show(page, product_id, version)


@get("/products/{product_id:str}/compare/{older:int}/{newer:int}", **session_roles(EVERYONE))
async def compare(
    page: NamedDependency[PageRequest], product_id: FromPath[str], older: FromPath[int], newer: FromPath[int]
) -> Response[str]:
    diff = await diff_versions(page.database, page.viewer, product_id, older, newer)
    shown = await read_product(page.database, page.viewer, product_id)
    return render(
        page,
        "product_compare.html",
        head=shown.head,
        name=read_content(shown.content).name,
        older=older,
        newer=newer,
        fields=[(label(one.field), format_value(one.old), format_value(one.new)) for one in diff.fields],
    )


@post("/products/{product_id:str}/versions/{version:int}/withdraw", **session_roles(EVERYONE))
async def withdraw(
    page: NamedDependency[PageRequest], product_id: FromPath[str], version: FromPath[int]
) -> Response[str]:
    if "products:write" not in page.scopes:
        raise AccessDenied
    reason = page.form.text("reason").strip()
    here = f"/products/{product_id}/versions/{version}"
    if not reason or len(reason) > MAX_NOTE_LENGTH:
        errors = FormErrors([("reason", _REASON)])
        return await _show(page, product_id, version, errors=errors, status=422)
    try:
        await withdraw_version(
            page.database,
            page.actor,
            page.account_id,
            product_id,
            version,
            WithdrawVersion(reason),
            lambda seen, row: True,
            page.services.state_hooks,
        )
    except InvalidState as error:
        return await _show(page, product_id, version, errors=whole_form(error.description), status=409)
    return redirect(page, here, done="version-withdrawn")


@post("/products/{product_id:str}/versions/{version:int}/draft", **session_roles(WRITERS))
async def begin(page: NamedDependency[PageRequest], product_id: FromPath[str], version: FromPath[int]) -> Response[str]:
    try:
        await begin_draft(page.database, page.actor, page.account_id, product_id, version, lambda seen: True)
    except InvalidState as error:
        return await _show(page, product_id, version, errors=whole_form(error.description), status=409)
    return redirect(page, f"/products/{product_id}", done="draft-begun")


HANDLERS = (show, compare, withdraw, begin)


async def _show(
    page: PageRequest,
    product_id: str,
    version: int,
    *,
    errors: FormErrors | None = None,
    status: int = 200,
) -> Response[str]:
    row = await read_version(page.database, page.viewer, product_id, version)
    shown = await read_product(page.database, page.viewer, product_id)
    head = shown.head
    people = await list_people(page.database, page.account_id)
    return render(
        page,
        "product_version.html",
        status=status,
        head=head,
        row=row,
        name=read_content(row.content).name,
        digest=quoted_digest(row.digest),
        fields=[(label(path), value) for path, value in leaves(row.content)],
        names={person.id: person.email for person in people},
        may_begin="products:write" in page.scopes
        and head.status == "PUBLISHED"
        and head.draft_version is None
        and head.latest_version != version,
        may_withdraw="products:write" in page.scopes and row.status in ("PUBLISHED", "SUPERSEDED"),
        errors=errors,
    )
