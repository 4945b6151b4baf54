"""`/dpp/{id}/access-requests`, `/dpp/access-requests`, `/dpp/grants`, and the links of grants."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.errors import Conflict, InvalidState, NotFound
from linkxg.http.headers import LINK, REPLAYED, IdempotencyKey, replay
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Limit, Page, Success
from linkxg.http.permissions import RecentAuthentication, public, scope
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import account_id_of, context_of
from linkxg.network.passports.access import store
from linkxg.network.passports.access.grant_access import (
    GRANTS,
    AccessServices,
    approve_access,
    decline_access,
    grant_access,
    revoke_access,
)
from linkxg.network.passports.access.model import (
    AccessRequest,
    AccessRequestStatus,
    ApproveAccess,
    DeclineAccess,
    GrantAccess,
    PassportAccess,
    PassportGrant,
    PassportGrantWithLink,
    ReceivedAccessRequest,
    RequestAccess,
)
from linkxg.network.passports.access.open_link import WantedUnit, open_link, read_link
from linkxg.network.passports.access.request_access import ACCESS_REQUESTS, request_access
from linkxg.network.passports.access.request_form_endpoint import send_form, show_form
from linkxg.network.passports.access.views import view_access, view_grant, view_request
from linkxg.network.passports.documents.api_tag import TAG
from linkxg.network.passports.documents.media_types import HTML
from linkxg.network.passports.pages.access_page import ACCESS_POLICY, access_page
from linkxg.network.passports.read.passport_endpoint import PassportServices, language_of, media_type_of
from linkxg.network.passports.read.read_passport import read_passport
from linkxg.network.passports.read.representation import headers_of
from linkxg.network.passports.read.routes import PageLanguage

PATH = "/api/v1/dpp"
LINKS = Budget("passport-links", 60, 60)
_PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_WRITES: dict[str, Any] = {"response_headers": [REPLAYED], **scope("products:write", GRANTS)}
# A link outlives the session that makes it.
_GRANTS: dict[str, Any] = {
    "response_headers": [REPLAYED],
    **scope("products:write", GRANTS, recent=RecentAuthentication.IF_REQUIRED),
}
PassportId = Annotated[str | None, QueryParameter(name="passportId", max_length=36)]


@post(
    "/dpp/{passport_id:str}/access-requests",
    operation_id="requestPassportAccess",
    errors=(Conflict, NotFound),
    status_code=200,
    **public(ACCESS_REQUESTS),
)
async def ask(
    request: Request[Any, Any, Any],
    access: NamedDependency[AccessServices],
    passport_id: FromPath[str],
    data: JSONBody[RequestAccess],
) -> Success[ReceivedAccessRequest]:
    """Ask for what a passport withholds. The company decides, and answers by the contact."""
    await request_access(access.database, actor_of(context_of(request.scope)), passport_id, data)
    return Success(data=ReceivedAccessRequest())


@get("/dpp/access-requests", operation_id="listPassportAccessRequests", response_headers=[LINK], **scope("dpp:read"))
async def list_asked(
    request: Request[Any, Any, Any],
    reading: NamedDependency[PassportServices],
    status: FromQuery[AccessRequestStatus | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[AccessRequest]]:
    """The requests for access to passports of the account, newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "passport access requests", "account": account_id, "status": status}
    before = reading.cursors.open(cursor, filters)[0] if cursor else None
    found = await reading.database.read(store.list_requests, account_id, status=status, before=before, limit=limit + 1)
    following = reading.cursors.seal([found[limit - 1].id], filters) if len(found) > limit else None
    address = f"{reading.addresses.public_url}{PATH}/access-requests"
    return page_response([view_request(row) for row in found[:limit]], following, address, limit=limit, status=status)


@post(
    "/dpp/access-requests/{request_id:str}/approve",
    operation_id="approvePassportAccess",
    errors=(InvalidState,),
    status_code=200,
    **_GRANTS,
)
async def approve(
    request: Request[Any, Any, Any],
    access: NamedDependency[AccessServices],
    request_id: FromPath[str],
    data: JSONBody[ApproveAccess],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[PassportGrantWithLink]]:
    """Approve a request. The answer has a link, which you give to whoever asked."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    outcome = await approve_access(access, actor, account_id, request_id, data, idempotency_key)
    return Response(Success(data=outcome.value), headers=replay(outcome.replayed))


@post(
    "/dpp/access-requests/{request_id:str}/decline",
    operation_id="declinePassportAccess",
    errors=(InvalidState,),
    status_code=200,
    **_WRITES,
)
async def decline(
    request: Request[Any, Any, Any],
    access: NamedDependency[AccessServices],
    request_id: FromPath[str],
    data: JSONBody[DeclineAccess | None] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[AccessRequest]]:
    """Decline a request. Nobody is told."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    reason = data.reason if data else None
    outcome = await decline_access(access.database, actor, account_id, request_id, reason, idempotency_key)
    return Response(Success(data=outcome.value), headers=replay(outcome.replayed))


@post("/dpp/{passport_id:str}/grants", operation_id="grantPassportAccess", **_GRANTS)
async def grant(
    request: Request[Any, Any, Any],
    access: NamedDependency[AccessServices],
    passport_id: FromPath[str],
    data: JSONBody[GrantAccess],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[PassportGrantWithLink]]:
    """Grant access to a passport by a link, which is shown only now."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    outcome = await grant_access(access, actor, account_id, passport_id, data, idempotency_key)
    return Response(Success(data=outcome.value), headers=replay(outcome.replayed))


@get("/dpp/grants", operation_id="listPassportGrants", response_headers=[LINK], **scope("dpp:read"))
async def list_granted(
    request: Request[Any, Any, Any],
    reading: NamedDependency[PassportServices],
    passport_id: PassportId = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[PassportGrant]]:
    """The grants of access to passports of the account, newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "passport grants", "account": account_id, "passport": passport_id}
    before = reading.cursors.open(cursor, filters)[0] if cursor else None
    found = await reading.database.read(
        store.list_grants,
        account_id,
        passport_id=passport_id,
        before=before,
        limit=limit + 1,
    )
    following = reading.cursors.seal([found[limit - 1].id], filters) if len(found) > limit else None
    address = f"{reading.addresses.public_url}{PATH}/grants"
    shown = [view_grant(row) for row in found[:limit]]
    return page_response(shown, following, address, limit=limit, passportId=passport_id)


@post(
    "/dpp/grants/{grant_id:str}/revoke",
    operation_id="revokePassportAccess",
    errors=(InvalidState,),
    status_code=200,
    **_WRITES,
)
async def revoke(
    request: Request[Any, Any, Any],
    access: NamedDependency[AccessServices],
    grant_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[PassportGrant]]:
    """Revoke access: the link opens nothing any more."""
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    outcome = await revoke_access(access.database, actor, account_id, grant_id, idempotency_key)
    return Response(Success(data=outcome.value), headers=replay(outcome.replayed))


@get(
    "/dpp/grants/{grant_id:str}/accesses",
    operation_id="listPassportAccesses",
    response_headers=[LINK],
    **scope("dpp:read"),
)
async def list_used(
    request: Request[Any, Any, Any],
    reading: NamedDependency[PassportServices],
    grant_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[PassportAccess]]:
    """The uses of a link, newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "passport accesses", "account": account_id, "grant": grant_id}
    before = reading.cursors.open(cursor, filters)[0] if cursor else None
    if await reading.database.read(store.find_grant, account_id, grant_id) is None:
        raise NotFound
    found = await reading.database.read(store.list_accesses, account_id, grant_id, before=before, limit=limit + 1)
    following = reading.cursors.seal([found[limit - 1].id], filters) if len(found) > limit else None
    address = f"{reading.addresses.public_url}{PATH}/grants/{grant_id}/accesses"
    return page_response([view_access(row) for row in found[:limit]], following, address, limit=limit)


@get("/dpp/access/{token:str}", include_in_schema=False, **public(LINKS))
async def look(
    request: Request[Any, Any, Any],
    reading: NamedDependency[PassportServices],
    token: FromPath[str],
    lot: FromQuery[str | None] = None,
    serial: FromQuery[str | None] = None,
    lang: PageLanguage = None,
) -> Response[Any]:
    """What a link opens, for a browser with a button. This does not use it up."""
    context, unit = context_of(request.scope), WantedUnit(lot or "", serial or "")
    if b"text/html" not in (context.header(b"accept") or b""):
        offered = await read_link(reading.database, reading.addresses, token, unit)
        return Response(Success(data=offered), headers=_PRIVATE)
    is_known = True
    try:
        offered = await read_link(reading.database, reading.addresses, token, unit)
    except NotFound:
        offered, is_known = await read_link(reading.database, reading.addresses, token), False
    language = language_of(context, HTML, lang)
    shown = await read_passport(reading.database, offered.digital_product_passport_id.rpartition("/")[2], None)
    page = access_page(offered, unit, shown, language, is_known=is_known)
    headers = {"Content-Security-Policy": ACCESS_POLICY, "Content-Language": language}
    return Response(page, media_type=HTML, headers=_PRIVATE | headers)


@post("/dpp/access/{token:str}", status_code=200, include_in_schema=False, **public(LINKS))
async def open_passport(
    request: Request[Any, Any, Any],
    reading: NamedDependency[PassportServices],
    token: FromPath[str],
    lot: FromQuery[str | None] = None,
    serial: FromQuery[str | None] = None,
    lang: PageLanguage = None,
) -> Response[bytes]:
    """The passport, in the roles of the grant and as `Accept` chooses."""
    media_type = media_type_of(context_of(request.scope))
    redacted = await open_link(reading.database, token, WantedUnit(lot or "", serial or ""))
    language = language_of(context_of(request.scope), media_type, lang)
    headers = headers_of(media_type, language)
    body = await reading.representations.encode(redacted, media_type, language)
    return Response(body, headers=_PRIVATE | headers)


def _router(access: AccessServices, reading: PassportServices, *handlers: Any) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=handlers,
        dependencies={
            "access": Provide(lambda: access, sync_to_thread=False),
            "reading": Provide(lambda: reading, sync_to_thread=False),
        },
    )


def router(access: AccessServices, reading: PassportServices) -> Router:
    handlers = (ask, list_asked, approve, decline, grant, list_granted, revoke, list_used)
    return _router(access, reading, *handlers)


def public_router(access: AccessServices, reading: PassportServices) -> Router:
    """Below the root of the service, where links point."""
    return _router(access, reading, look, open_passport, show_form, send_form)
