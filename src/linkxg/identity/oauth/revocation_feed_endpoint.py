"""The revocation feed of a resource server: what is revoked of the tokens of its account, as a signed document.

The header field JWS-Signature has the detached JWS (RFC 7515 appendix F) of the body, made with the key that signs
access tokens. Where that is a secret of this server (HS256), the key is derived from the secret of the client.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from linkxg.clock import now_s
from linkxg.crypto.jwt import sign_detached
from linkxg.crypto.mac import hmac_signer
from linkxg.db import Database
from linkxg.errors import AccessDenied, InvalidClient, RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.body_style import BodyStyle
from linkxg.http.client_ip import source_key
from linkxg.http.etags import ConditionalRead, Conditions
from linkxg.http.headers import header
from linkxg.http.permissions import client_authentication
from linkxg.http.rate_limits import Budget, Limits
from linkxg.http.request_context import RequestContext, context_of
from linkxg.identity.clients.client_verifier import VerifiedClient
from linkxg.identity.oauth.client_credentials_reader import (
    SOURCE_REQUESTS,
    TAG,
    ClientCredentialsReader,
)
from linkxg.identity.oauth.revocation_waits import RevocationWaits
from linkxg.identity.tokens.account_revocations import AccountRevocations, Entry, version_of
from linkxg.identity.tokens.keys import KeyRing

PATH = "/api/v1/oauth/revocations"
TYPE = "linkxg-revocations+jwt"
MAX_WAIT_S = 30
CLIENT_READS = Budget("revocation-feed-client", 6_000, 60)
SIGNATURE = "JWS-Signature"
_SIGNED = header(SIGNATURE, "The detached JWS of the body, of type `linkxg-revocations+jwt`.")


class LiveKey(msgspec.Struct):
    """A key whose tokens are accepted."""

    kid: str
    alg: str


class RevocationDocument(msgspec.Struct, omit_defaults=True):
    """`entries` is absent if the caller has this version. Tokens issued before `not_before` are revoked."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"version": "3a0QmVxkT0bNw4LrYc9Z"}

    iss: str
    aud: str
    """The client that asked."""
    resource: str
    account_id: str
    iat: int
    version: str
    keys: list[LiveKey]
    entries: list[Entry] | None = None
    not_before: int = 0
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class RevocationFeedServices:
    credentials: ClientCredentialsReader
    revocations: AccountRevocations
    waits: RevocationWaits
    keys: KeyRing
    database: Database
    limits: Limits
    issuer: str

    async def authenticate(self, context: RequestContext) -> VerifiedClient:
        """The resource server that asks. Raises InvalidClient, RateLimitExceeded, InvalidRequest or AccessDenied."""
        authorization = context.header(b"authorization")
        if authorization is None or not authorization.strip():
            raise InvalidClient(reason="no client authentication")
        verified = await self.credentials.authenticate(context, {}, authorization)
        if verified.client.resource is None or verified.secret is None:
            raise AccessDenied("Only a resource server can read the revocation feed.")
        return verified


@get(
    PATH,
    operation_id="readRevocations",
    style=BodyStyle.OAUTH,
    operation_class=ConditionalRead,
    response_headers=[_SIGNED],
    responses={304: ResponseSpec(None, description="Not modified.", generate_examples=False)},
    errors=(InvalidClient, AccessDenied, RateLimitExceeded, TemporarilyUnavailable),
    **client_authentication(),
)
async def revocations(
    request: Request[Any, Any, Any],
    services: NamedDependency[RevocationFeedServices],
    after: Annotated[str | None, QueryParameter(max_length=64, description="The version that the caller has.")] = None,
    wait: Annotated[int, QueryParameter(ge=0, le=MAX_WAIT_S, description="Seconds to wait for another version.")] = 0,
    nonce: Annotated[
        str | None,
        QueryParameter(max_length=64, pattern="^[A-Za-z0-9_-]+$", description="Repeated in the signed document."),
    ] = None,
) -> Response[RevocationDocument]:
    """What is revoked for the account: single tokens, sessions, clients and people. For resource servers.

    The client authenticates by HTTP Basic. If `after` is the current version, the answer has no entries, and is signed,
    which a 304 cannot be.
    """
    context = context_of(request.scope)
    await services.limits.spend(SOURCE_REQUESTS, source_key(context.source))
    verified = await services.authenticate(context)
    await services.limits.spend(CLIENT_READS, verified.client.id)
    account_id = verified.client.account_id
    conditions = Conditions.of(context)
    services.database.feed.check()

    def is_known() -> bool:
        version = _version(services, account_id)
        return version == after or conditions.is_fresh(f'"{version}"')

    if wait and is_known():
        await services.waits.until_changed(account_id, is_known, wait)
        services.database.feed.check()
        # The client may have been disabled, or its secret replaced, in the meantime.
        verified = await services.authenticate(context)
    version = _version(services, account_id)
    headers = {"ETag": f'"{version}"'}
    if conditions.is_fresh(f'"{version}"'):
        return Response(b"", status_code=304, headers=headers)  # type: ignore[arg-type]
    document = _document(services, verified, version, nonce, is_known=version == after)
    body = msgspec.json.encode(document)
    headers[SIGNATURE] = _sign(services.keys, verified, body)
    return Response(body, headers=headers, media_type=MediaType.JSON)  # type: ignore[arg-type]


def _version(services: RevocationFeedServices, account_id: str) -> str:
    keys = "".join(f" {kid}" for kid, _ in services.keys.live())
    return version_of(f"{services.revocations.snapshot(account_id).version}{keys}".encode())


def _document(
    services: RevocationFeedServices, verified: VerifiedClient, version: str, nonce: str | None, *, is_known: bool
) -> RevocationDocument:
    client = verified.client
    assert client.resource is not None
    found = services.revocations.snapshot(client.account_id)
    return RevocationDocument(
        iss=services.issuer,
        aud=client.id,
        resource=client.resource,
        account_id=client.account_id,
        iat=now_s(),
        version=version,
        keys=[LiveKey(kid, alg) for kid, alg in services.keys.live()],
        entries=None if is_known else found.entries,
        not_before=found.not_before,
        nonce=nonce,
    )


def _sign(keys: KeyRing, verified: VerifiedClient, payload: bytes) -> str:
    key = keys.signing()
    if key.algorithm != "HS256":
        return key.sign(TYPE, payload)
    # 256 bits that only this server and the client know.
    assert verified.secret is not None
    mac_key = hmac_signer(verified.secret.digest)(f"{TYPE} {verified.client.id}".encode())
    return sign_detached({"alg": "HS256", "typ": TYPE}, payload, hmac_signer(mac_key))


def router(services: RevocationFeedServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[revocations],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
