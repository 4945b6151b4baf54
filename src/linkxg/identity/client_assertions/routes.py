"""`/oauth/clients/{client_id}/keys` and `…/trusts`: by what a client authenticates without a secret."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import Conflict, InvalidRequest
from linkxg.http.body_style import BodyStyle
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.permissions import RecentAuthentication, roles
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag, described
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.client_assertions.manage_credentials import (
    KEY_KINDS,
    TRUST_KINDS,
    CredentialDocument,
    add_credential,
    list_credentials,
    remove_credential,
)
from linkxg.identity.client_assertions.model import (
    MAX_AUDIENCE,
    MAX_CLAIMS,
    MAX_NAME,
    MAX_PEM,
    ClientKeyView,
    ClientTrustView,
    Credential,
    key_view,
    trust_view,
)
from linkxg.identity.client_assertions.public_key import read_jwk, read_public_key_pem
from linkxg.identity.client_assertions.trust_rules import check_jwks_uri, check_trust
from linkxg.identity.clients.client_services import CREDENTIAL_CHANGES
from linkxg.identity.federation.discovery import MAX_ISSUER
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.federation.pinned_request import MAX_URL

Name = Annotated[str, described(minLength=1, maxLength=MAX_NAME)]
_KEYS, _TRUSTS = "/oauth/clients/{client_id:str}/keys", "/oauth/clients/{client_id:str}/trusts"
_TAG = Tag("Client keys and workloads", "How a client authenticates without a secret. For Owners and Admins.")
_STYLE: dict[str, Any] = {"tags": [_TAG], "style": BodyStyle.OAUTH}
_READS = _STYLE | roles(ADMINISTRATORS)
_ADDS = _STYLE | roles(ADMINISTRATORS, CREDENTIAL_CHANGES, recent=RecentAuthentication.IF_REQUIRED)
_REMOVES = _STYLE | roles(ADMINISTRATORS, recent=RecentAuthentication.IF_REQUIRED)


class AddKey(msgspec.Struct, forbid_unknown_fields=True):
    """One of `jwk`, `pem` and `jwks_uri`. A client has up to two keys, or one JWKS URI."""

    EXAMPLE: ClassVar[dict[str, Any]] = ClientKeyView.EXAMPLE | {"pem": UNSET}

    name: Name
    jwk: Annotated[dict[str, Any], described(description="A public key (RFC 7517).")] | None = None
    pem: Annotated[str, described(maxLength=MAX_PEM, description="A public key in PEM.")] | None = None
    jwks_uri: (
        Annotated[str, described(maxLength=MAX_URL, description="Where the client publishes its keys.")] | None
    ) = None


class AddTrust(msgspec.Struct, forbid_unknown_fields=True):
    """Tokens of `issuer` for `audience` stand for the client if they have all `claims`, exactly."""

    EXAMPLE: ClassVar[dict[str, Any]] = ClientTrustView.EXAMPLE

    name: Name
    issuer: Annotated[str, described(minLength=1, maxLength=MAX_ISSUER)]
    audience: Annotated[str, described(minLength=1, maxLength=MAX_AUDIENCE)]
    claims: Annotated[dict[str, str], described(minProperties=1, maxProperties=MAX_CLAIMS)]


class ClientKeyList(msgspec.Struct):
    """Oldest first."""

    keys: list[ClientKeyView]


class ClientTrustList(msgspec.Struct):
    """Oldest first."""

    trusts: list[ClientTrustView]


@dataclass(frozen=True, slots=True)
class ClientAssertionServices:
    database: Database
    notices: SecurityNotices
    provider_client: ProviderClient
    issuer: str


@get(_KEYS, operation_id="listClientKeys", **_READS)
async def keys(
    request: Request[Any, Any, Any], services: NamedDependency[ClientAssertionServices], client_id: FromPath[str]
) -> ClientKeyList:
    """The public keys of a client, or its JWKS URI."""
    found = await list_credentials(services.database, account_id_of(request.scope), client_id, KEY_KINDS)
    return ClientKeyList([key_view(one) for one in found])


@post(_KEYS, operation_id="addClientKey", errors=(Conflict,), response_headers=[REPLAYED], **_ADDS)
async def add_key(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientAssertionServices],
    client_id: FromPath[str],
    data: JSONBody[AddKey],
    idempotency_key: IdempotencyKey = None,
) -> Response[ClientKeyView]:
    """Register a public key or a JWKS URI, and permit `private_key_jwt`. A private key is refused.

    A JWKS URI is read at once. One that answers with something else than a key set is refused; one that does not answer
    now is registered, with `keys_error`.
    """
    if (data.jwk is not None) + (data.pem is not None) + (data.jwks_uri is not None) != 1:
        raise InvalidRequest("Send one of the fields jwk, pem and jwks_uri.")
    document: CredentialDocument
    if data.jwk is not None:
        document = read_jwk(data.jwk)
    elif data.pem is not None:
        document = read_public_key_pem(data.pem)
    else:
        document = check_jwks_uri(data.jwks_uri or "")
    added, replayed = await _add(request, services, client_id, data.name, document, idempotency_key)
    return Response(key_view(added), headers=replay(replayed))


@delete(f"{_KEYS}/{{key_id:str}}", operation_id="removeClientKey", errors=(Conflict,), **_REMOVES)
async def remove_key(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientAssertionServices],
    client_id: FromPath[str],
    key_id: FromPath[str],
) -> None:
    """Remove a key or the JWKS URI. The live tokens of the client are revoked at once.

    It is 409 for the last one of a client that could get no token without it.
    """
    await _remove(request, services, client_id, key_id, KEY_KINDS)


@get(_TRUSTS, operation_id="listClientTrusts", **_READS)
async def trusts(
    request: Request[Any, Any, Any], services: NamedDependency[ClientAssertionServices], client_id: FromPath[str]
) -> ClientTrustList:
    """The workloads of foreign issuers that a client trusts."""
    found = await list_credentials(services.database, account_id_of(request.scope), client_id, TRUST_KINDS)
    return ClientTrustList([trust_view(one) for one in found])


@post(_TRUSTS, operation_id="addClientTrust", errors=(Conflict,), response_headers=[REPLAYED], **_ADDS)
async def add_trust(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientAssertionServices],
    client_id: FromPath[str],
    data: JSONBody[AddTrust],
    idempotency_key: IdempotencyKey = None,
) -> Response[ClientTrustView]:
    """Trust the tokens of a workload, and permit `workload_identity`.

    The metadata and the keys of the issuer are read at once. An issuer that answers with something else is refused; one
    that does not answer now is registered, with `keys_error`.
    """
    document = check_trust(data.issuer, data.audience, data.claims, own_issuer=services.issuer)
    added, replayed = await _add(request, services, client_id, data.name, document, idempotency_key)
    return Response(trust_view(added), headers=replay(replayed))


@delete(f"{_TRUSTS}/{{trust_id:str}}", operation_id="removeClientTrust", errors=(Conflict,), **_REMOVES)
async def remove_trust(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientAssertionServices],
    client_id: FromPath[str],
    trust_id: FromPath[str],
) -> None:
    """Trust a workload no more. The live tokens of the client are revoked at once.

    It is 409 for the last one of a client that could get no token without it.
    """
    await _remove(request, services, client_id, trust_id, TRUST_KINDS)


def router(services: ClientAssertionServices) -> Router:
    return Router(
        "/",
        route_handlers=[keys, add_key, remove_key, trusts, add_trust, remove_trust],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


async def _add(
    request: Request[Any, Any, Any],
    services: ClientAssertionServices,
    client_id: str,
    name: str,
    document: CredentialDocument,
    idempotency_key: str | None,
) -> IdempotentOutcome[Credential]:
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    return await add_credential(
        services.database,
        services.notices,
        services.provider_client,
        actor,
        account_id,
        client_id,
        name=name,
        document=document,
        idempotency_key=idempotency_key,
    )


async def _remove(
    request: Request[Any, Any, Any],
    services: ClientAssertionServices,
    client_id: str,
    credential_id: str,
    kinds: frozenset[str],
) -> None:
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    await remove_credential(services.database, services.notices, actor, account_id, client_id, credential_id, kinds)
