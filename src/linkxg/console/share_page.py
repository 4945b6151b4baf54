"""`/shares/{id}`: one share, what the partner answered, and its withdrawal."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.read_product import read_product
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.flash_messages import flash_message
from linkxg.console.guard import PageRequest
from linkxg.console.pages import redirect, render
from linkxg.console.partners import name_of
from linkxg.console.product_fields import label
from linkxg.console.share_form import PASSPORT_ACCESS, SHARE_TYPES, TRACEABILITY, VERSION_CHOICES, product_name
from linkxg.errors import NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS, EVERYONE
from linkxg.network.connections.read_connections import read_connection
from linkxg.network.shares.model import Share
from linkxg.network.shares.read_shares import list_acknowledgements, read_share
from linkxg.network.shares.withdraw_share import withdraw_share

SHARE = "/shares/{share_id:str}"
SHOWN_ANSWERS = 50


@get(SHARE, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], share_id: FromPath[str]) -> Response[str]:
    share = await read_share(page.database, page.account_id, share_id)
    connection = await read_connection(page.database, page.account_id, share.connection_id)
    answers, more_answers = await list_acknowledgements(page.database, page.account_id, share_id, limit=SHOWN_ANSWERS)
    return render(
        page,
        "share.html",
        share=share,
        name=name_of(connection),
        product=await _product_name(page, share),
        fields=None if share.fields is None else [label(path) for path in share.fields],
        answers=answers,
        more_answers=more_answers,
        types=SHARE_TYPES,
        versions=VERSION_CHOICES,
        traceability=TRACEABILITY,
        passport_roles=PASSPORT_ACCESS,
    )


@post(SHARE, **session_roles(ADMINISTRATORS))
async def withdraw(page: NamedDependency[PageRequest], share_id: FromPath[str]) -> Response[str]:
    share = await read_share(page.database, page.account_id, share_id)
    here = f"/shares/{share_id}"
    connection = await read_connection(page.database, page.account_id, share.connection_id)
    name = name_of(connection)
    if share.status == "ACTIVE" and not confirmed(page):
        effects = [f"{name} immediately stops seeing what only this share shows.", share.summary]
        question = Question(f"Withdraw the share with {name}?", effects, "Withdraw share", "Keep the share", here)
        return ask_confirmation(page, question)
    await withdraw_share(page.database, page.actor, page.account_id, share_id)
    ended = "The share is withdrawn." if share.status == "ACTIVE" else "The share had ended already."
    return redirect(page, here, **flash_message(page, ended))


HANDLERS = (show, withdraw)


async def _product_name(page: PageRequest, share: Share) -> str:
    """Of the only product; empty if it is gone."""
    if share.product_id is None:
        return ""
    try:
        return product_name(await read_product(page.database, page.viewer, share.product_id))
    except NotFound:
        return ""
