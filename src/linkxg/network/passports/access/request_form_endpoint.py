"""`/dpp/{id}/ask`: the form by which a person asks for what a passport withholds, for a browser without scripts."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from linkxg.audit.model import actor_of
from linkxg.errors import Conflict, InvalidRequest
from linkxg.http.forms import is_form, refuse_form_coding
from linkxg.http.permissions import public
from linkxg.http.request_context import context_of
from linkxg.http.strict_json import CONTROL
from linkxg.network.check_fields import MAX_TEXT
from linkxg.network.passports.access.grant_access import AccessServices
from linkxg.network.passports.access.model import GRANTED_ROLES, MAX_CONTACT, MIN_CONTACT, RequestAccess
from linkxg.network.passports.access.request_access import ACCESS_REQUESTS, check_request, request_access
from linkxg.network.passports.documents.media_types import HTML
from linkxg.network.passports.pages.access_page import ACCESS_POLICY
from linkxg.network.passports.pages.request_form_page import request_form_page
from linkxg.network.passports.read.passport_endpoint import PASSPORT_READS, PassportServices, language_of
from linkxg.network.passports.read.read_passport import read_passport
from linkxg.network.passports.read.representation import headers_of
from linkxg.network.passports.read.routes import PageLanguage

_LIMITS = {"purpose": MAX_TEXT, "contact": MAX_CONTACT, "evidence": MAX_TEXT}
_MAX_FIELDS = 16
_OWN = (None, b"same-origin", b"none")
"""Of Sec-Fetch-Site: another site must not spend what its visitor may ask."""
_PAGE: dict[str, Any] = {"include_in_schema": False}


@get("/dpp/{passport_id:str}/ask", **_PAGE, **public(PASSPORT_READS, ignores_query=True))
async def show_form(
    request: Request[Any, Any, Any],
    reading: NamedDependency[PassportServices],
    passport_id: FromPath[str],
    lang: PageLanguage = None,
    sent: FromQuery[str | None] = None,
) -> Response[str]:
    """The form, or with `sent` what happens next."""
    language = language_of(context_of(request.scope), HTML, lang)
    return await _page(reading, passport_id, language, {}, is_sent=sent is not None)


@post("/dpp/{passport_id:str}/ask", **_PAGE, **public(ACCESS_REQUESTS, ignores_query=True))
async def send_form(
    request: Request[Any, Any, Any],
    reading: NamedDependency[PassportServices],
    access: NamedDependency[AccessServices],
    passport_id: FromPath[str],
    lang: PageLanguage = None,
) -> Response[str]:
    """Sends the request, and redirects, so that loading the page again sends nothing."""
    context = context_of(request.scope)
    language = language_of(context, HTML, lang)
    given = await _read_form(request)
    asked = RequestAccess(given["role"], given["purpose"], given["contact"], given["evidence"] or None)
    if faults := _faults(asked, given):
        return await _page(reading, passport_id, language, given, 422, faults=faults)
    try:
        await request_access(access.database, actor_of(context), passport_id, asked)
    except Conflict as refusal:
        return await _page(reading, passport_id, language, given, refusal.status, is_refused=True)
    return Response(
        "",
        status_code=303,
        media_type="text/plain",
        headers={"Location": f"/dpp/{passport_id}/ask?lang={language}&sent=yes"},
    )


def _faults(asked: RequestAccess, given: dict[str, str]) -> list[str]:
    """The names of the fields to correct."""
    wrong = {one["field"] for one in check_request(asked)}
    if len(asked.contact) < MIN_CONTACT:
        wrong.add("contact")
    return [name for name, limit in _LIMITS.items() if name in wrong or len(given[name]) > limit]


async def _read_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Every field, trimmed; line breaks become spaces. Raises InvalidRequest, or PayloadTooLarge."""
    context, body = context_of(request.scope), await request.body()
    if context.header(b"sec-fetch-site") not in _OWN:
        raise InvalidRequest("This form came from another site.")
    if not is_form(context.header(b"content-type")):
        raise InvalidRequest("Send the form as application/x-www-form-urlencoded.")
    refuse_form_coding(context.header(b"content-encoding"))
    try:
        pairs = dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
        )
    except ValueError:
        raise InvalidRequest("The form is malformed.") from None
    given = {name: " ".join(CONTROL.sub(" ", pairs.get(name, "")).split()) for name in ("role", *_LIMITS)}
    if given["role"] not in GRANTED_ROLES:
        raise InvalidRequest("The form lacks a role.")
    return given


async def _page(
    reading: PassportServices, passport_id: str, language: str, given: dict[str, str], status: int = 200, **told: Any
) -> Response[str]:
    redacted = await read_passport(reading.database, passport_id, None)
    filled = {name: given.get(name, "") for name in ("role", *_LIMITS)}
    page = request_form_page(redacted, reading.addresses.passport(passport_id), language, filled, **told)
    headers = headers_of(HTML, language) | {"content-security-policy": ACCESS_POLICY, "Cache-Control": "no-store"}
    return Response(page, status_code=status, headers=headers)
