"""Client authentication by an assertion: `client_assertion` of RFC 7521 §4.2 and RFC 7523 §2.2.

The client made it itself (`private_key_jwt`), or an issuer that it trusts made it for its workload. Every failure is
the answer to a wrong secret, and is counted like one.
"""

from linkxg.errors import InvalidClient, InvalidRequest
from linkxg.http.client_ip import source_key
from linkxg.http.rate_limits import Budget, Limits
from linkxg.http.request_context import RequestContext
from linkxg.identity.client_assertions.assertion import Assertion, find_subject, malformed, read_assertion
from linkxg.identity.client_assertions.model import MAX_ASSERTION
from linkxg.identity.client_assertions.verify_assertion import AssertionVerifier
from linkxg.identity.clients.client_verifier import (
    ClientVerifier,
    UnusedAssertion,
    VerifiedClient,
    check_usable,
)
from linkxg.identity.clients.model import CachedClient
from linkxg.identity.clients.usage import UsageRecorder
from linkxg.rejection_causes import Cause

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_CLIENT_ID = 128
SOURCE_FAILURES = Budget("oauth-failures-source", 100, 60)
CLIENT_FAILURES = Budget("oauth-failures-client", 10, 60)
CLIENT_ASSERTIONS = Budget("oauth-assertions-client", 600, 60)
"""Each is a row until it expires."""
_FINAL = frozenset((Cause.ASSERTION_USED, Cause.ASSERTION_EXPIRED, Cause.KEYS_UNAVAILABLE))
"""Causes that no newer state of the client changes."""
_PARAMETERS = ("client_assertion", "client_assertion_type")


class ClientAssertionReader:
    def __init__(
        self, clients: ClientVerifier, assertions: AssertionVerifier, limits: Limits, usage: UsageRecorder
    ) -> None:
        self._clients = clients
        self._assertions = assertions
        self._limits = limits
        self._usage = usage

    async def verify(
        self, context: RequestContext, form: dict[str, str], authorization: bytes | None
    ) -> VerifiedClient:
        """The client that the assertion is for, which is still to be used up.

        Raises InvalidRequest, InvalidClient, RateLimitExceeded or TemporarilyUnavailable.
        """
        token = _read_form(form, authorization)
        source = source_key(context.source)
        try:
            assertion = read_assertion(token)
        except InvalidClient as error:
            assertion, failed = None, error
        client_id = form.get("client_id") or find_subject(token)
        if not client_id or len(client_id) > MAX_CLIENT_ID or len(token) > MAX_ASSERTION:
            await self._limits.spend(SOURCE_FAILURES, source)
            raise malformed("it names no client")
        pair = f"{client_id} {source}"
        # Before anything is looked up or fetched for callers whose budget of failures is spent.
        await self._limits.require((SOURCE_FAILURES, source), (CLIENT_FAILURES, pair))
        client = await self._clients.find(client_id)
        if client is not None:
            context.notes["client_id"] = client.id
            context.notes["account_id"] = client.account_id
        if client is not None and assertion is not None:
            try:
                return await self._verify(client, assertion, context.source)
            except InvalidClient as error:
                failed = error
        elif assertion is not None:
            self._assertions.verify_by_decoy(assertion)
            failed = InvalidClient(reason="unknown client")
        await self._limits.require((SOURCE_FAILURES, source))
        await self._limits.spend(CLIENT_FAILURES, pair)
        if client is None:
            await self._limits.spend(SOURCE_FAILURES, source)
            raise failed
        try:
            if assertion is None or failed.cause in _FINAL:
                raise failed
            again = await self._verify_again(client, assertion, context.source)
        except InvalidClient as error:
            self._usage.record_rejection(client.account_id, client.id, context, error)
            raise
        await self._limits.give_back(CLIENT_FAILURES, pair)
        return again

    async def use_up(self, context: RequestContext, client: CachedClient, assertion: UnusedAssertion) -> None:
        """Raises InvalidClient, which is counted like a wrong secret, or RateLimitExceeded."""
        await self._limits.spend(CLIENT_ASSERTIONS, client.id)
        try:
            await self._assertions.use(client, assertion, context.source)
        except InvalidClient:
            await self._limits.spend(CLIENT_FAILURES, f"{client.id} {source_key(context.source)}")
            raise

    async def _verify(
        self, client: CachedClient, assertion: Assertion, source: str, *, bypass_cache: bool = False
    ) -> VerifiedClient:
        verified = await self._assertions.verify(client, assertion, bypass_cache=bypass_cache)
        check_usable(client, source)
        await self._assertions.check_unused(client, verified)
        return VerifiedClient(client, assertion_credential_id=verified.credential_id, unused=verified)

    async def _verify_again(self, client: CachedClient, assertion: Assertion, source: str) -> VerifiedClient:
        """A key that was added on another node works here before the invalidation feed has announced it."""
        reloaded = await self._clients.reload(client.id)
        if reloaded is None:
            raise InvalidClient(reason="unknown client")
        return await self._verify(reloaded, assertion, source, bypass_cache=True)


def has_assertion(form: dict[str, str]) -> bool:
    return not form.keys().isdisjoint(_PARAMETERS)


def _read_form(form: dict[str, str], authorization: bytes | None) -> str:
    """The assertion. Raises InvalidRequest for a second method, or a missing parameter."""
    if (authorization is not None and authorization.strip()) or "client_secret" in form:
        raise InvalidRequest("Send client credentials by one method only.")
    for name in _PARAMETERS:
        if name not in form:
            raise InvalidRequest(f"The parameter {name} is missing.")
    if form["client_assertion_type"] != ASSERTION_TYPE:
        raise InvalidRequest(f"The only client_assertion_type is {ASSERTION_TYPE}.")
    return form["client_assertion"]
