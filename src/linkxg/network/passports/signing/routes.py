"""The DID document and the status lists of an issuer, and the keys by which an account signs passports."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import Conflict, NotFound
from linkxg.http.pagination import Success
from linkxg.http.permissions import RecentAuthentication, public, roles
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import account_id_of, context_of
from linkxg.identity.accounts.roles import ADMINISTRATORS, EVERYONE
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.api_tag import TAG
from linkxg.network.passports.documents.media_types import DID, JWT
from linkxg.network.passports.signing.issuer_keys import MAX_KEYS, PublicKey, list_public_keys, rotate_key
from linkxg.network.passports.signing.read_issuer import read_did_document, read_status_list

ISSUER_READS = Budget("passport-issuer", 600, 60)
KEY_ROTATIONS = Budget("passport-key-rotations", 20, 3_600)
_SHARED = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}


@dataclass(frozen=True, slots=True)
class SigningServices:
    database: Database
    addresses: Addresses
    server_key: bytes


@get(
    "/{slug:str}/did.json",
    include_in_schema=False,
    **public(ISSUER_READS, ignores_query=True),
)
async def did(services: NamedDependency[SigningServices], slug: FromPath[str]) -> Response[bytes]:
    """The DID document of an account that issues passports (did:web): its keys, also those that no longer sign."""
    document = await read_did_document(services.database, services.addresses, services.server_key, slug)
    return Response(msgspec.json.encode(document), media_type=DID, headers=_SHARED)


@get(
    "/{slug:str}/status/{number:str}",
    include_in_schema=False,
    **public(ISSUER_READS, ignores_query=True),
)
async def status(
    services: NamedDependency[SigningServices], slug: FromPath[str], number: FromPath[str]
) -> Response[str]:
    """A signed list of which passports of an account are withdrawn (Bitstring Status List 1.0)."""
    if not (number.isascii() and number.isdigit() and len(number) <= 10):
        raise NotFound
    jwt = await read_status_list(services.database, services.addresses, services.server_key, slug, int(number))
    return Response(jwt, media_type=JWT, headers=_SHARED)


@get("/account/passport-keys", operation_id="listPassportKeys", **roles(EVERYONE))
async def list_keys(
    request: Request[Any, Any, Any], services: NamedDependency[SigningServices]
) -> Success[list[PublicKey]]:
    """The keys by which the account signs passports. The newest signs; the first is made when it is needed."""
    return Success(data=await list_public_keys(services.database, account_id_of(request.scope)))


@post(
    "/account/passport-keys/rotate",
    operation_id="rotatePassportKey",
    errors=(Conflict,),
    status_code=200,
    **roles(ADMINISTRATORS, KEY_ROTATIONS, recent=RecentAuthentication.IF_REQUIRED),
)
async def rotate(
    request: Request[Any, Any, Any], services: NamedDependency[SigningServices]
) -> Success[list[PublicKey]]:
    """Sign passports with a new key from now on. What the former key has signed stays valid."""
    actor = actor_of(context_of(request.scope))
    keys = await rotate_key(services.database, actor, services.server_key, account_id_of(request.scope))
    if keys is None:
        raise Conflict(f"An account may have at most {MAX_KEYS} keys.")
    return Success(data=keys)


def _router(services: SigningServices, *handlers: Any) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=handlers,
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def public_router(services: SigningServices) -> Router:
    """What verifiers read, below the root of the service."""
    return _router(services, did, status)


def router(services: SigningServices) -> Router:
    return _router(services, list_keys, rotate)
