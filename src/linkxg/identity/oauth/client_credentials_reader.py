"""Client authentication of a request (RFC 6749 §2.3.1).

By HTTP Basic, by `client_id` and `client_secret` in the body, by an assertion (`client_assertion_reader`), or by the
certificate of the connection and `client_id` (RFC 8705 §2), but by one of them only. Failures are counted per (client,
source), so a stranger's guesses never lock a customer out.
"""

import base64
import binascii
import contextlib
from typing import Any, NamedTuple

from msgspec import UNSET

from linkxg.errors import (
    InvalidClient,
    InvalidRequest,
    RateLimitExceeded,
    TemporarilyUnavailable,
    UnsupportedMediaType,
)
from linkxg.http.client_ip import source_key
from linkxg.http.forms import form_decode, is_form, read_form, refuse_form_coding
from linkxg.http.rate_limits import Budget, Limits
from linkxg.http.request_context import RequestContext
from linkxg.http.route_declaration import Errors, Form, Tag
from linkxg.identity.client_assertions.model import MAX_ASSERTION
from linkxg.identity.clients.authentication_methods import SECRET_BASIC, SECRET_POST, SELF_SIGNED_TLS
from linkxg.identity.clients.client_verifier import ClientVerifier, VerifiedClient
from linkxg.identity.clients.model import CachedClient
from linkxg.identity.clients.usage import UsageRecorder
from linkxg.identity.oauth.client_assertion_reader import (
    ASSERTION_TYPE,
    CLIENT_FAILURES,
    MAX_CLIENT_ID,
    SOURCE_FAILURES,
    ClientAssertionReader,
    has_assertion,
)
from linkxg.identity.sender_constraint.client_certificate import CertificateReader
from linkxg.rejection_causes import Cause

BODY_LIMIT = 16 * 1024
MAX_SECRET = 256
_BODY_CREDENTIALS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
TAG = Tag("OAuth", "Tokens for machines: RFC 6749, RFC 7662, RFC 7009.")
PERMISSION = (
    "Needs client credentials by one method: HTTP Basic, the form, an assertion, or the certificate of the connection."
)
# By HTTP Basic or, with the empty requirement, as parameters of the form.
SECURITY: list[dict[str, list[str]]] = [{"basic": []}, {}]
ERRORS: Errors = (InvalidRequest, InvalidClient, UnsupportedMediaType, RateLimitExceeded, TemporarilyUnavailable)
_OMIT_FOR_BASIC = "Omit it if you use HTTP Basic."
CREDENTIALS: dict[str, dict[str, Any]] = {
    "client_id": {"type": "string", "maxLength": MAX_CLIENT_ID, "description": _OMIT_FOR_BASIC},
    "client_secret": {"type": "string", "maxLength": MAX_SECRET, "description": _OMIT_FOR_BASIC},
    "client_assertion_type": {"type": "string", "enum": [ASSERTION_TYPE], "description": "With client_assertion."},
    "client_assertion": {
        "type": "string",
        "maxLength": MAX_ASSERTION,
        "description": "A JWT instead of a secret: signed by the client, or by an issuer that it trusts (RFC 7523).",
    },
}
CREDENTIALS_EXAMPLE = {
    "client_id": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e",
    "client_secret": "lxgsec_8sKp...",
    "client_assertion_type": UNSET,
    "client_assertion": UNSET,
}
TOKEN_FORM = Form(
    {
        "token": {"type": "string", "description": "An access token."},
        "token_type_hint": {
            "type": "string",
            "description": "Accepted but not needed: the token itself shows its kind.",
        },
        **CREDENTIALS,
    },
    ("token",),
    {**CREDENTIALS_EXAMPLE, "token": "eyJhbGciOiJIUzI1NiIs...", "token_type_hint": UNSET},
)
MISSING_CERTIFICATES = Budget("oauth-missing-certificates", 10, 60)
SOURCE_REQUESTS = Budget("oauth-source", 6_000, 60)


class Credentials(NamedTuple):
    """Without `secret` the client authenticates by the certificate of its connection (RFC 8705 §2)."""

    client_id: str
    secret: str | None
    method: str = SECRET_BASIC


class ClientCredentialsReader:
    """The first steps of the token, introspection and revocation endpoints."""

    def __init__(
        self,
        verifier: ClientVerifier,
        limits: Limits,
        usage: UsageRecorder,
        assertions: ClientAssertionReader,
        certificates: CertificateReader,
        mutual_tls_url: str = "",
    ) -> None:
        self._missing = _describe_missing(mutual_tls_url, takes_certificates=certificates.is_enabled)
        self._assertions = assertions
        self._verifier = verifier
        self._certificates = certificates
        self._limits = limits
        self._usage = usage

    async def read(self, context: RequestContext) -> tuple[dict[str, str], bytes | None]:
        """The form and the Authorization header.

        Raises RateLimitExceeded, InvalidRequest, UnsupportedMediaType or PayloadTooLarge; and InvalidClient for a
        request without client authentication, as sent by clients that wait for a challenge (RFC 6749 §5.2).
        """
        await self._limits.spend(SOURCE_REQUESTS, source_key(context.source))
        if context.query:
            raise InvalidRequest("Send the parameters in the body, never in the address.")
        if not is_form(context.header(b"content-type")):
            raise InvalidRequest("Send the request as application/x-www-form-urlencoded.")
        refuse_form_coding(context.header(b"content-encoding"))
        form = read_form(await context.body(BODY_LIMIT))
        authorization = context.header(b"authorization")
        if _BODY_CREDENTIALS.isdisjoint(form) and not (authorization and authorization.strip()):
            raise InvalidClient(reason="no client authentication")
        return form, authorization

    async def authenticate(
        self, context: RequestContext, form: dict[str, str], authorization: bytes | None
    ) -> VerifiedClient:
        """The client with these credentials; its assertion is used up.

        Raises InvalidRequest, InvalidClient or RateLimitExceeded.
        """
        verified = await self.verify(context, form, authorization)
        if verified.unused is None:
            return verified
        try:
            return await self.use_up(context, verified)
        except InvalidClient as error:
            self._usage.record_rejection(verified.client.account_id, verified.client.id, context, error)
            raise

    async def use_up(self, context: RequestContext, verified: VerifiedClient) -> VerifiedClient:
        """Use the assertion up, if there is one. Raises InvalidClient or RateLimitExceeded."""
        if verified.unused is None:
            return verified
        await self._assertions.use_up(context, verified.client, verified.unused)
        return verified._replace(unused=None)

    async def verify(
        self, context: RequestContext, form: dict[str, str], authorization: bytes | None
    ) -> VerifiedClient:
        """The client with these credentials; an assertion is still to be used up. Raises as `authenticate` does."""
        if has_assertion(form):
            return await self._assertions.verify(context, form, authorization)
        certificate = self._certificates.read(context) if _may_be_by_certificate(authorization, form) else None
        if certificate is None and _may_be_by_certificate(authorization, form):
            await self._record_missing(context, form["client_id"])
            raise InvalidRequest(self._missing)
        credentials = read_credentials(authorization, form)
        source = source_key(context.source)

        def compare(client: CachedClient | None) -> VerifiedClient:
            if credentials.secret is None:
                return self._verifier.compare_certificate(client, certificate, context.source)
            return self._verifier.compare(client, credentials.secret, context.source, credentials.method)

        pair = f"{credentials.client_id} {source}"
        if len(credentials.client_id) > MAX_CLIENT_ID or len(credentials.secret or "") > MAX_SECRET:
            await self._limits.spend(SOURCE_FAILURES, source)
            raise InvalidClient(reason="credentials too long")
        if not self._verifier.is_cached(credentials.client_id):
            # No query for callers whose budget of failures is spent.
            await self._limits.require((SOURCE_FAILURES, source), (CLIENT_FAILURES, pair))
        client = await self._verifier.find(credentials.client_id)
        if client is not None:
            context.notes["client_id"] = client.id
            context.notes["account_id"] = client.account_id
        try:
            verified = compare(client)
        except InvalidClient as error:
            failed = error
        else:
            await self._limits.require((SOURCE_FAILURES, source), (CLIENT_FAILURES, pair))
            return verified
        # Counted before any other await, or concurrent guesses would all be answered. The same for unknown clients, or
        # the budget would reveal which exist.
        await self._limits.require((SOURCE_FAILURES, source))
        await self._limits.spend(CLIENT_FAILURES, pair)
        if client is None:
            await self._limits.spend(SOURCE_FAILURES, source)
            raise failed
        # A secret created on another node works here before the invalidation feed has announced it.
        client = await self._verifier.reload(credentials.client_id)
        try:
            verified = compare(client)
        except InvalidClient as error:
            if client is not None:
                self._usage.record_rejection(client.account_id, client.id, context, error)
            raise
        await self._limits.give_back(CLIENT_FAILURES, pair)
        return verified

    async def _record_missing(self, context: RequestContext, client_id: str) -> None:
        """For a client that uses certificates. The answer is the same for every client, and for none."""
        source = source_key(context.source)
        if len(client_id) > MAX_CLIENT_ID:
            return
        # Beyond its budget, and while the database is out of reach, nothing is recorded.
        with contextlib.suppress(RateLimitExceeded, TemporarilyUnavailable):
            await self._limits.require((SOURCE_FAILURES, source))
            await self._limits.spend(MISSING_CERTIFICATES, f"{client_id} {source}")
            client = await self._verifier.find(client_id)
            if client is None:
                await self._limits.spend(SOURCE_FAILURES, source)
            elif SELF_SIGNED_TLS in client.methods:
                error = InvalidClient(reason="no certificate arrived", cause=Cause.CERTIFICATE_MISSING)
                self._usage.record_rejection(client.account_id, client.id, context, error)


def _describe_missing(mutual_tls_url: str, *, takes_certificates: bool) -> str:
    if not takes_certificates:
        return "The parameter client_secret is missing."
    told = "The parameter client_secret is missing, and no valid client certificate arrived on this connection."
    return f"{told} Clients that authenticate by a certificate use {mutual_tls_url}." if mutual_tls_url else told


def _may_be_by_certificate(authorization: bytes | None, form: dict[str, str]) -> bool:
    return not (authorization and authorization.strip()) and "client_id" in form and "client_secret" not in form


def read_credentials(authorization: bytes | None, form: dict[str, str]) -> Credentials:
    """Without a secret, those of a client with a certificate.

    Raises InvalidRequest for two methods or a missing parameter, InvalidClient for malformed Basic credentials.
    """
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is None or not authorization.strip():
        if client_id is None:
            raise InvalidRequest("The parameter client_id is missing.")
        return Credentials(client_id, secret, SELF_SIGNED_TLS if secret is None else SECRET_POST)
    if secret is not None:
        raise InvalidRequest("Send client credentials by one method only.")
    basic = _read_basic(authorization)
    if client_id is not None and client_id != basic.client_id:
        raise InvalidRequest("The client_id in the body differs from the one in the Authorization header.")
    return basic


def _read_basic(authorization: bytes) -> Credentials:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        method = "Bearer" if scheme.lower() == b"bearer" else "another scheme"
        raise InvalidClient(
            reason=f"clients authenticate by Basic, in the body, by an assertion or a certificate, not by {method}"
        )
    encoded = encoded.strip(b" ")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidClient(reason="malformed Basic credentials") from None
    if base64.b64encode(raw) != encoded:
        raise InvalidClient(reason="malformed Basic credentials")
    client_id, colon, secret = raw.partition(b":")
    try:
        credentials = Credentials(form_decode(client_id), form_decode(secret))
    except InvalidRequest:
        raise InvalidClient(reason="malformed Basic credentials") from None
    if not colon or not credentials.client_id or not credentials.secret:
        raise InvalidClient(reason="incomplete Basic credentials")
    return credentials
