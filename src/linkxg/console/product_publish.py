"""`/products/{id}/review` and `/publish`: reviews the next version, and publishes it."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.diff_versions import diff_versions
from linkxg.catalog.products.publish_product import publish_product
from linkxg.catalog.products.publish_requirements import missing_for_publishing
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.versions.model import MAX_NOTE_LENGTH, PublishProduct
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import redirect, render
from linkxg.console.product_fields import format_value, label, leaves, missing_field
from linkxg.errors import InvalidState, NoDraft, PreconditionFailed, ValidationFailed
from linkxg.http.permissions import session_roles

_CHANGED = "Somebody else has changed the draft since you opened this page. Review it again, then publish."
_LONG = f"“What is new” must have at most {MAX_NOTE_LENGTH:,} characters."


@get("/products/{product_id:str}/review", **session_roles(WRITERS))
async def review(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    return await _review(page, product_id)


@post("/products/{product_id:str}/publish", **session_roles(WRITERS))
async def publish(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    note, revision = page.form.text("changeNote").strip() or None, page.form.text("revision")
    if note and len(note) > MAX_NOTE_LENGTH:
        return await _review(page, product_id, errors=FormErrors([("changeNote", _LONG)]), status=422)
    try:
        await publish_product(
            page.database,
            page.actor,
            page.account_id,
            product_id,
            PublishProduct(note),
            lambda seen: str(seen) == revision,
            page.services.publish_hooks,
        )
    except ValidationFailed as error:
        return await _review(page, product_id, errors=whole_form(error.description), status=422)
    except PreconditionFailed:
        return await _review(page, product_id, errors=whole_form(_CHANGED), status=409)
    except (InvalidState, NoDraft) as error:
        return await _review(page, product_id, errors=whole_form(error.description), status=409)
    return redirect(page, f"/products/{product_id}", done="published")


HANDLERS = (review, publish)


async def _review(
    page: PageRequest, product_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    base = await read_product(page.database, page.viewer, product_id, "base")
    head, content = base.head, read_content(base.content)
    if head.draft_version is None or head.status == "ARCHIVED":
        return redirect(page, f"/products/{product_id}")
    if head.latest_version is None:
        fields = [(label(path), "", value) for path, value in leaves(base.content)]
    else:
        diff = await diff_versions(page.database, page.viewer, product_id, head.latest_version, head.draft_version)
        fields = [(label(one.field), format_value(one.old), format_value(one.new)) for one in diff.fields]
    return render(
        page,
        "product_review.html",
        status=status,
        head=head,
        name=content.name,
        fields=fields,
        missing=[missing_field(one) for one in missing_for_publishing(head, content)],
        errors=errors,
    )
