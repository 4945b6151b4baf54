"""`POST /dpp/validate`."""

import asyncio
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide

from linkxg.db import Database
from linkxg.errors import InvalidRequest, UnsupportedMediaType, ValidationFailed
from linkxg.http.json_body import JSON_LIMIT, parse_json, refuse_coding
from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import context_of
from linkxg.jobs.json_syntax import syntax_error
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.api_tag import TAG
from linkxg.network.passports.documents.media_types import CREDENTIAL, CREDENTIAL_BEFORE, JSON, JWT, LD_JSON
from linkxg.network.passports.validation.model import Validation
from linkxg.network.passports.validation.validate import validate, validate_signed

VALIDATIONS = Budget("passport-validations", 120, 60)
_DOCUMENT = {"title": "UntpPassport", "type": "object", "description": "A Digital Product Passport of UNTP 0.7.0."}
_SIGNED = {"title": "SignedUntpPassport", "type": "string", "description": "The same, signed: a compact JWS."}
_UNSIGNED = (JSON, CREDENTIAL, LD_JSON, CREDENTIAL_BEFORE)


@dataclass(frozen=True, slots=True)
class ValidationServices:
    database: Database
    addresses: Addresses


@post(
    "/dpp/validate",
    operation_id="validatePassport",
    takes={**dict.fromkeys(_UNSIGNED, _DOCUMENT), JWT: _SIGNED},
    status_code=200,
    **scope("dpp:read", VALIDATIONS),
)
async def check(
    request: Request[Any, Any, Any], services: NamedDependency[ValidationServices]
) -> Response[Success[Validation]]:
    """Validate a Digital Product Passport of UNTP. By its schema, and by what its figures mean.

    Of a signed one (`application/vc+jwt`) the content is validated, and `signature` says whether the signature was
    checked: it is if the issuer is an account of this service, as nothing is fetched.
    """
    context = context_of(request.scope)
    media_type = (context.header(b"content-type") or b"").partition(b";")[0].strip().lower().decode("latin-1")
    if media_type not in (*_UNSIGNED, JWT):
        raise UnsupportedMediaType
    refuse_coding(context.header(b"content-encoding"), oauth_style=False)
    # Tools on Windows write one; RFC 8259 §8.1 lets a reader ignore it.
    raw = (await context.body(JSON_LIMIT)).removeprefix(BOM_UTF8)
    if media_type == JWT:
        return Response(Success(data=await validate_signed(services.database, services.addresses, _text(raw))))
    document = _parse(raw)
    if not isinstance(document, dict):
        raise ValidationFailed("A passport is a JSON object.")
    return Response(Success(data=await asyncio.to_thread(validate, document)))


def _parse(raw: bytes) -> Any:
    """Raises InvalidRequest, which says where the JSON is broken."""
    try:
        return parse_json(raw)
    except InvalidRequest as error:
        where, _, reason = (syntax_error(raw) or "").partition(": ")
        if not where:
            raise
        # The description of an error is text without quotes and backslashes (RFC 6749 §5.2).
        is_plain = reason.isascii() and not set(reason) & set('"\\')
        raise InvalidRequest(f"{where}: {reason}" if is_plain else f"{where}.") from error


def _text(raw: bytes) -> str:
    """Raises InvalidRequest."""
    try:
        return raw.decode("ascii").strip()
    except UnicodeDecodeError:
        raise InvalidRequest("A compact JWS must be ASCII.") from None


def router(services: ValidationServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[check],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
