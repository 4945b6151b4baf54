"""`/partners`: the companies that the account is connected with, and the invitations between them."""

from collections.abc import Iterable
from typing import Any, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.read_product import read_skus
from linkxg.console.confirmation import Question, ask_confirmation, confirmed
from linkxg.console.confirmation_fields import CANCEL
from linkxg.console.flash_messages import Notice, flash_message
from linkxg.console.form_errors import FormErrors, of_details, wait_for_budget, whole_form
from linkxg.console.formatting import count
from linkxg.console.guard import PageRequest
from linkxg.console.page_forms import PageForm
from linkxg.console.pages import redirect, render
from linkxg.errors import Conflict, ConnectionExists, InvalidRequest, InvalidState, RateLimitExceeded, ValidationFailed
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS, EVERYONE
from linkxg.network.access_log.read_log import read_access_log
from linkxg.network.check_fields import check_reason
from linkxg.network.connections.accept import accept_connection
from linkxg.network.connections.confirm_gln import confirm_gln
from linkxg.network.connections.decline import decline_connection
from linkxg.network.connections.invite import INVITATIONS, invite_partner
from linkxg.network.connections.model import LIFETIME_DAYS, ConnectionView, InvitePartner, Relationship
from linkxg.network.connections.read_connections import list_connections, read_connection
from linkxg.network.connections.revoke import revoke_connection
from linkxg.network.shares.model import Share
from linkxg.network.shares.read_shares import count_live_shares, list_shares

PARTNERS = "/partners"
PARTNER = f"{PARTNERS}/{{connection_id:str}}"
ON_A_PAGE, SHOWN_SHARES, SHOWN_READS = 50, 20, 10
LISTED_PARTNERS = 200
RELATIONSHIPS: dict[Relationship, str] = {
    "SUPPLIER": "They supply you",
    "CUSTOMER": "You supply them",
    "PARTNER": "Neither",
}
_SEPARATORS = str.maketrans("", "", " -")
_FIELDS = {"inviteeSlug": "invitee", "inviteeGln": "invitee", "inviteeEmail": "invitee"}


@get(PARTNERS, **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _list(page)


@post(PARTNERS, **session_roles(ADMINISTRATORS))
async def invite(page: NamedDependency[PageRequest]) -> Response[str]:
    services, text = page.services, page.form.text("invitee").strip()
    given = InvitePartner(page.form.text("relationship"), message=page.form.text("message").strip() or None)
    if "@" in text:
        given.invitee_email = text
    elif (digits := text.translate(_SEPARATORS)).isdigit():
        given.invitee_gln = digits
    else:
        given.invitee_slug = text
    try:
        # Submitting the form again, as by a reload, shows the same link.
        await services.limits.spend(INVITATIONS, caller_key(page.account_id, page.person.user_id))
        invited, _ = await invite_partner(
            page.database, services.server_key, services.connection_mails, services.public_url, page.actor,
            page.account_id, given, page.form.idempotency_key,
        )  # fmt: skip
    except ValidationFailed as error:
        found = [(_FIELDS.get(one["field"], one["field"]), _message(one)) for one in error.details or ()]
        return await _list(page, errors=FormErrors(found), status=error.status)
    except (Conflict, ConnectionExists) as error:
        return await _list(page, errors=FormErrors([("invitee", error.description)]), status=error.status)
    except RateLimitExceeded as error:
        return await _list(page, errors=wait_for_budget(error), status=error.status)
    message = f"{text} is invited. The invitation ends in {LIFETIME_DAYS} days."
    if given.invitee_email is not None and not invited.link_creates_account:
        message += (
            " If they have no account, the operator of this server has to create one with this address: "
            "invitations create none here."
        )
    return await _list(page, notice=Notice("Done", message), link=invited.link)


@get(PARTNER, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    return await _show(page, connection_id)


@post(PARTNER, **session_roles(ADMINISTRATORS))
async def change(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    act, reason = page.form.text("act"), page.form.text("reason").strip() or None
    database, mails, actor, account_id = page.database, page.services.connection_mails, page.actor, page.account_id
    here = f"{PARTNERS}/{connection_id}"
    seen = await read_connection(database, account_id, connection_id)
    if act not in ("accept", "decline", "revoke", "gln"):
        raise InvalidRequest("Choose an action.")
    if page.form.text(CANCEL):
        return await _show(page, connection_id)
    try:
        if act == "revoke" and seen.status == "ACTIVE" and not confirmed(page):
            check_reason(reason)
            return await _ask_revoke(page, seen, reason)
        if act == "accept":
            shown_gln = page.form.text("gln") or None
            await accept_connection(database, mails, actor, account_id, connection_id, shown_gln)
            return redirect(page, here, **flash_message(page, f"You are connected with {name_of(seen)}."))
        if act == "gln":
            await confirm_gln(database, actor, account_id, connection_id, page.form.text("gln"))
            return redirect(page, here, **flash_message(page, f"Recalls know {name_of(seen)} by this GLN."))
        if act == "decline":
            await decline_connection(database, actor, account_id, connection_id, reason)
            return redirect(page, PARTNERS, **flash_message(page, "The invitation is declined."))
        await revoke_connection(database, mails, actor, account_id, connection_id, reason)
    except (Conflict, ConnectionExists, InvalidState) as error:
        return await _show(page, connection_id, errors=whole_form(error.description), status=error.status)
    except ValidationFailed as error:
        found = of_details(error)
        return await _show(page, connection_id, errors=found, status=error.status)
    ended = "The connection has ended, with everything that was shared." if seen.status == "ACTIVE" else ""
    return redirect(page, PARTNERS, **flash_message(page, ended or "The invitation is withdrawn."))


HANDLERS = (listing, invite, show, change)


def name_of(connection: ConnectionView) -> str:
    """The partner's name, or how the invitation names a company that is not known yet."""
    return connection.partner.name if connection.partner else connection.invitee or "Unknown"


async def connected_partners(page: PageRequest) -> tuple[list[tuple[str, str]], bool]:
    """(name, id of the connection) of the connected companies, by name; and whether these are the newest only."""
    found, more = await list_connections(
        page.database, page.account_id, before=None, limit=LISTED_PARTNERS, status="ACTIVE"
    )
    return sorted(((name_of(one), one.id) for one in found), key=lambda pair: pair[0].casefold()), more


async def skus_of(page: PageRequest, shares: Iterable[Share]) -> dict[str, str]:
    """Of the products that are shared alone, by id."""
    return await read_skus(page.database, page.viewer, {one.product_id for one in shares if one.product_id})


async def _list(page: PageRequest, *, status: int = 200, link: str | None = None, **values: Any) -> Response[str]:
    before = page.query.text("before") or None
    found, more = await list_connections(page.database, page.account_id, before=before, limit=ON_A_PAGE)
    typed = page.form if values.get("errors") else PageForm([])
    return render(
        page,
        "partners.html",
        status=status,
        found=found,
        older=found[-1].id if more else None,
        begun=before,
        form={
            "invitee": typed.text("invitee") or ("" if page.form.pairs else page.query.text("invitee")),
            "relationship": typed.text("relationship"),
            "message": typed.text("message"),
        },
        key=typed.key_or_new(),
        link=link,
        relationships=RELATIONSHIPS,
        name_of=name_of,
        creates_account=page.services.connection_mails.link_creates_account,
        **values,
    )


async def _show(
    page: PageRequest, connection_id: str, *, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    connection = await read_connection(page.database, page.account_id, connection_id)
    shares, more_shares = await list_shares(
        page.database, page.account_id, connection_id, before=None, limit=SHOWN_SHARES
    )
    reads, further = await read_access_log(
        page.database, page.account_id, connection_id, before=None, limit=SHOWN_READS
    )
    return render(
        page, "partner.html", status=status, errors=errors, one=connection, name=name_of(connection),
        relationships=RELATIONSHIPS, reason=page.form.text("reason"), shares=shares, skus=await skus_of(page, shares),
        more_shares=more_shares, reads=reads, more_reads=further is not None,
    )  # fmt: skip


async def _ask_revoke(page: PageRequest, connection: ConnectionView, reason: str | None) -> Response[str]:
    name = name_of(connection)
    ours, theirs = await count_live_shares(page.database, page.account_id, connection.id)
    effects = [
        f"{name} sees none of your products any more, and you none of theirs. This takes effect at once.",
        f"{count(ours, 'share')} of yours and {count(theirs, 'share')} of theirs end.",
        "Both companies are told, with the reason that you gave." if reason else "Both companies are told.",
        "To connect again, one of you has to invite the other.",
    ]
    here = f"{PARTNERS}/{connection.id}"
    question = Question(f"End the connection with {name}?", effects, "End connection", "Keep the connection", here)
    return ask_confirmation(page, question, back_to_form=True)


def _message(fault: dict[str, str]) -> str:
    if fault["field"] == "inviteeSlug" and fault["code"] == "invalid":
        return "Enter an e-mail address, a GLN of 13 digits, or the short name of an account, such as weaver-ltd."
    return "Choose a relationship." if fault["field"] == "relationship" else fault["message"]


assert set(RELATIONSHIPS) == set(get_args(Relationship))
