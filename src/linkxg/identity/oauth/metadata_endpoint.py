"""The metadata endpoints: RFC 8414, RFC 9728, and the JWK set (RFC 7517).

RFC 8414 requires `response_types_supported`: without an authorization endpoint its value is `none` (see
docs/decisions/0006-metadata-of-a-server-without-authorization-endpoint.md).
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from msgspec import UNSET, UnsetType

from linkxg.http.error_responses import DPOP_ALGORITHMS
from linkxg.http.permissions import public
from linkxg.http.route_declaration import Tag
from linkxg.identity.client_assertions.assertion import ACCEPTED
from linkxg.identity.clients.authentication_methods import PRIVATE_KEY_JWT, SECRET_BASIC, SECRET_POST, SELF_SIGNED_TLS
from linkxg.identity.oauth import introspection_endpoint, revocation_endpoint, token_endpoint
from linkxg.identity.oauth.grants import client_credentials
from linkxg.identity.tokens.keys import JWKS_CACHE_S, KeyRing
from linkxg.identity.tokens.scopes import SCOPES

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
RESOURCE_METADATA = f"{RESOURCE}/api/v1"
"""Metadata of the resource PUBLIC_URL/api/v1, whose path follows the well-known prefix (RFC 9728 §3.1)."""
KEYS = "/.well-known/jwks.json"
_TAG = Tag("Discovery", "What a client can discover by itself: RFC 8414, RFC 9728, RFC 7517.")
# Workload identity has no registered name: to a client it is an assertion like that of private_key_jwt.
_METHODS = [SECRET_BASIC, SECRET_POST, PRIVATE_KEY_JWT]
_ALGORITHMS = sorted(ACCEPTED)
_ENDPOINTS = {
    "token_endpoint": token_endpoint.PATH,
    "introspection_endpoint": introspection_endpoint.PATH,
    "revocation_endpoint": revocation_endpoint.PATH,
}
_CACHE = {"Cache-Control": f"public, max-age={JWKS_CACHE_S}"}


class AuthorizationServer(msgspec.Struct):
    """RFC 8414 §2, RFC 9449 §5.1, RFC 8705 §3.3, §5. Without public keys (HS256) there is no `jwks_uri`."""

    issuer: str
    token_endpoint: str
    introspection_endpoint: str
    revocation_endpoint: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    service_documentation: str
    dpop_signing_alg_values_supported: list[str]
    tls_client_certificate_bound_access_tokens: bool
    jwks_uri: str | UnsetType = UNSET
    mtls_endpoint_aliases: dict[str, str] | UnsetType = UNSET


class ProtectedResource(msgspec.Struct):
    """RFC 9728 §2."""

    resource: str
    authorization_servers: list[str]
    scopes_supported: list[str]
    bearer_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    tls_client_certificate_bound_access_tokens: bool
    resource_name: str


class KeySet(msgspec.Struct):
    """RFC 7517 §5: public members only."""

    keys: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DiscoveryServices:
    keys: KeyRing
    issuer: str
    audience: str
    reads_certificates: bool = False
    mutual_tls_url: str = ""


@get(METADATA, operation_id="authorizationServerMetadata", **public(ignores_query=True))
async def authorization_server(services: NamedDependency[DiscoveryServices]) -> Response[AuthorizationServer]:
    """Authorization server metadata. RFC 8414."""
    issuer, aliases = services.issuer, services.mutual_tls_url
    methods = [*_METHODS, *([SELF_SIGNED_TLS] if services.reads_certificates else [])]
    document = AuthorizationServer(
        issuer=issuer,
        token_endpoint=issuer + token_endpoint.PATH,
        introspection_endpoint=issuer + introspection_endpoint.PATH,
        revocation_endpoint=issuer + revocation_endpoint.PATH,
        grant_types_supported=[client_credentials.NAME],
        response_types_supported=["none"],
        scopes_supported=list(SCOPES),
        token_endpoint_auth_methods_supported=methods,
        token_endpoint_auth_signing_alg_values_supported=_ALGORITHMS,
        introspection_endpoint_auth_methods_supported=methods,
        introspection_endpoint_auth_signing_alg_values_supported=_ALGORITHMS,
        revocation_endpoint_auth_methods_supported=methods,
        revocation_endpoint_auth_signing_alg_values_supported=_ALGORITHMS,
        service_documentation=issuer + "/api/v1/reference",
        dpop_signing_alg_values_supported=list(DPOP_ALGORITHMS),
        tls_client_certificate_bound_access_tokens=services.reads_certificates,
        jwks_uri=issuer + KEYS if services.keys.public() else UNSET,
        mtls_endpoint_aliases={name: aliases + path for name, path in _ENDPOINTS.items()} if aliases else UNSET,
    )
    return Response(document, headers=_CACHE)


@get(RESOURCE_METADATA, operation_id="protectedResourceMetadata", **public(ignores_query=True))
async def protected_resource(services: NamedDependency[DiscoveryServices]) -> Response[ProtectedResource]:
    """Protected resource metadata. RFC 9728."""
    return _protected_resource(services)


@get(RESOURCE, operation_id="protectedResourceMetadataOfHost", **public(ignores_query=True))
async def protected_resource_of_host(services: NamedDependency[DiscoveryServices]) -> Response[ProtectedResource]:
    """The same metadata for clients that know only the host."""
    return _protected_resource(services)


@get(KEYS, operation_id="jsonWebKeySet", **public(ignores_query=True))
async def jwks(services: NamedDependency[DiscoveryServices]) -> Response[KeySet]:
    """Public signing keys. RFC 7517; empty while tokens are signed with HS256."""
    return Response(KeySet(services.keys.public()), headers=_CACHE)


def router(services: DiscoveryServices) -> Router:
    return Router(
        "/",
        tags=[_TAG],
        route_handlers=[authorization_server, protected_resource, protected_resource_of_host, jwks],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def _protected_resource(services: DiscoveryServices) -> Response[ProtectedResource]:
    document = ProtectedResource(
        resource=services.audience,
        authorization_servers=[services.issuer],
        scopes_supported=list(SCOPES),
        bearer_methods_supported=["header"],
        dpop_signing_alg_values_supported=list(DPOP_ALGORITHMS),
        tls_client_certificate_bound_access_tokens=services.reads_certificates,
        resource_name="LinkXG",
    )
    return Response(document, headers=_CACHE)
