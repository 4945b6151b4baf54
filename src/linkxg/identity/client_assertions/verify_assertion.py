"""Verifies the assertion of a client, and uses it up.

The signature is verified by what the client registered, in memory. The assertion is used up when nothing else is wrong
with the request; the transaction that records it reads whether the credential is still there. A removal that commits
later begins the next epoch of the client, which revokes the token that was issued for the assertion
(docs/decisions/0033).
"""

import contextlib

from sqlalchemy import Connection

from linkxg.clock import now_ms, now_s
from linkxg.db import Database
from linkxg.errors import InvalidClient
from linkxg.identity.client_assertions import store
from linkxg.identity.client_assertions.assertion import Assertion
from linkxg.identity.client_assertions.check_claims import (
    check_own_claims,
    check_workload_claims,
    is_for,
    matches,
    replay_key,
)
from linkxg.identity.client_assertions.credential_cache import ClientCredentials, CredentialCache
from linkxg.identity.client_assertions.decoy_keys import decoy_keys
from linkxg.identity.client_assertions.issuer_keys import IssuerKeys
from linkxg.identity.client_assertions.model import LEEWAY_S
from linkxg.identity.clients.authentication_methods import PRIVATE_KEY_JWT, WORKLOAD_IDENTITY
from linkxg.identity.clients.client_verifier import UnusedAssertion
from linkxg.identity.clients.model import CachedClient
from linkxg.identity.federation.provider_fault import ProviderFault, SignatureFault, UnknownKeyFault
from linkxg.identity.federation.signed_token import ALGORITHMS, verify
from linkxg.rejection_causes import Cause

_KEPT_MS = 60_000
"""How much longer a used assertion is kept than it is accepted: the clocks of nodes differ."""


class AssertionVerifier:
    def __init__(self, database: Database, keys: IssuerKeys, issuer: str) -> None:
        self._database = database
        self._credentials = CredentialCache(database)
        self._keys = keys
        self._issuer = issuer
        self._decoys = decoy_keys()

    async def verify(
        self, client: CachedClient, assertion: Assertion, *, bypass_cache: bool = False
    ) -> UnusedAssertion:
        """Raises InvalidClient, or TemporarilyUnavailable while too many keys are being fetched."""
        is_own = assertion.claims.get("iss") == client.id
        method = PRIVATE_KEY_JWT if is_own else WORKLOAD_IDENTITY
        if not is_own and method not in client.methods and PRIVATE_KEY_JWT in client.methods:
            # It is not meant as the token of a workload.
            raise InvalidClient(reason="assertion: iss is not the client id", cause=Cause.ASSERTION_CLAIMS)
        if method not in client.methods:
            raise InvalidClient(reason="method not allowed", cause=Cause.METHOD_NOT_ALLOWED, concerns=method)
        found = await self._credentials.find(client, bypass_cache=bypass_cache)
        return await (self._verify_own if is_own else self._verify_workload)(client, found, assertion)

    def verify_by_decoy(self, assertion: Assertion) -> None:
        """Take about the time of a known client, so that the answer does not reveal which exist."""
        with contextlib.suppress(ProviderFault):
            verify(assertion.token, assertion.header, self._decoys[ALGORITHMS[assertion.header.algorithm]])

    async def check_unused(self, client: CachedClient, verified: UnusedAssertion) -> None:
        """What `use` would refuse now: whoever presents a used assertion learns nothing about the client."""
        error = await self._database.read(_refusal, client, verified)
        if error is not None:
            raise error

    async def use(self, client: CachedClient, verified: UnusedAssertion, source: str) -> None:
        """Use the assertion up. Raises InvalidClient if it was used before, or its credential was removed."""
        now = now_ms()
        expires_at = (verified.expires_at + LEEWAY_S) * 1000 + _KEPT_MS

        def unit(conn: Connection) -> InvalidClient | None:
            if not store.has_credential(conn, client.account_id, client.id, verified.credential_id):
                return _removed()
            if not store.use_assertion(conn, client.account_id, verified.replay_key, expires_at):
                return _used()
            store.touch_credential(conn, client.account_id, verified.credential_id, now, source)
            return None

        error = await self._database.write(unit)
        if error is not None:
            raise error

    async def _verify_own(
        self, client: CachedClient, found: ClientCredentials, assertion: Assertion
    ) -> UnusedAssertion:
        header = assertion.header
        if found.key_sets:
            (credential_id, uri), *_ = found.key_sets
            try:
                await self._keys.verify_by_key_set(client.account_id, uri, assertion.token)
            except ProviderFault as fault:
                raise _of_fault(fault) from None
        else:
            fitting = [(one, key) for one, key in found.keys if key.fits(header)]
            if len(fitting) != 1:
                raise InvalidClient(reason="assertion: no key fits", cause=Cause.ASSERTION_KEY_UNKNOWN)
            ((credential_id, key),) = fitting
            try:
                verify(assertion.token, header, key)
            except ProviderFault:
                raise InvalidClient(
                    reason="assertion: signature", cause=Cause.ASSERTION_SIGNATURE, concerns=credential_id
                ) from None
        expires_at = check_own_claims(assertion.claims, client.id, self._issuer, now_s())
        return UnusedAssertion(credential_id, replay_key(assertion, client.id), expires_at)

    async def _verify_workload(
        self, client: CachedClient, found: ClientCredentials, assertion: Assertion
    ) -> UnusedAssertion:
        claims = assertion.claims
        of_issuer = [(one, trust) for one, trust in found.trusts if trust.issuer == claims.get("iss")]
        if not of_issuer:
            raise InvalidClient(reason="issuer not trusted", cause=Cause.ISSUER_NOT_TRUSTED)
        issuer = of_issuer[0][1].issuer
        try:
            await self._keys.verify_by_issuer(client.account_id, issuer, assertion.token)
        except ProviderFault as fault:
            raise _of_fault(fault) from None
        expires_at = check_workload_claims(claims, now_s())
        for_us = [(one, trust) for one, trust in of_issuer if is_for(trust, claims)]
        if not for_us:
            raise InvalidClient(reason="assertion: aud", cause=Cause.ASSERTION_AUDIENCE, concerns=of_issuer[0][0])
        matching = [one for one, trust in for_us if matches(trust, claims)]
        if not matching:
            raise InvalidClient(
                reason="assertion: claims of the workload", cause=Cause.WORKLOAD_NOT_TRUSTED, concerns=for_us[0][0]
            )
        return UnusedAssertion(matching[0], replay_key(assertion, issuer), expires_at)


def _refusal(conn: Connection, client: CachedClient, verified: UnusedAssertion) -> InvalidClient | None:
    if not store.has_credential(conn, client.account_id, client.id, verified.credential_id):
        return _removed()
    return _used() if store.is_used(conn, client.account_id, verified.replay_key) else None


def _removed() -> InvalidClient:
    return InvalidClient(reason="credential removed", cause=Cause.ASSERTION_KEY_UNKNOWN)


def _used() -> InvalidClient:
    return InvalidClient(reason="assertion used before", cause=Cause.ASSERTION_USED)


def _of_fault(fault: ProviderFault) -> InvalidClient:
    """Causes that Owners can tell apart: a signature, a key that is not published, or keys out of reach."""
    if isinstance(fault, SignatureFault):
        cause = Cause.ASSERTION_SIGNATURE
    elif isinstance(fault, UnknownKeyFault):
        cause = Cause.ASSERTION_KEY_UNKNOWN
    else:
        cause = Cause.KEYS_UNAVAILABLE
    return InvalidClient(reason=f"assertion: {fault.message}", cause=cause)
