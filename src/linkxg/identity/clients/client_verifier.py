"""Verifies client credentials (RFC 6749 §2.3.1).

Clients are cached, and evicted by the invalidation feed, so a token request needs no query. Every failure is the same
InvalidClient (RFC 6749 §5.2); the cause is only for the log and the console.
"""

from typing import NamedTuple

import msgspec

from linkxg.clock import now_ms
from linkxg.crypto.secrets import CLIENT_SECRET, constant_time_equal, digest, is_well_formed
from linkxg.db import Database, Invalidation
from linkxg.db.invalidation_feed import CLIENT
from linkxg.errors import InvalidClient
from linkxg.http.client_ip import parse_address
from linkxg.identity.clients import store
from linkxg.identity.clients.authentication_methods import SELF_SIGNED_TLS
from linkxg.identity.clients.certificate_store import list_thumbprints
from linkxg.identity.clients.model import CachedCertificate, CachedClient, CachedSecret
from linkxg.identity.clients.registered_certificates import find_registered
from linkxg.identity.sender_constraint.client_certificate import Certificate
from linkxg.ids import CLIENT_ID_PREFIX
from linkxg.rejection_causes import Cause

CACHE_SIZE = 20_000
ADMIT_EVERY = 8
"""With a full cache only every eighth miss evicts the oldest entry: more clients than entries, in turn, would otherwise
never hit."""
_NOBODY = digest("")


class UnusedAssertion(NamedTuple):
    """A valid assertion; `expires_at` in seconds. The client is authenticated once it is used up."""

    credential_id: str
    replay_key: bytes
    expires_at: int


class VerifiedClient(NamedTuple):
    """A client that was authenticated by one of its secrets, its certificates or its credentials for assertions.

    `unused` is the assertion as long as it is to be used up: nothing may be issued before that.
    """

    client: CachedClient
    secret: CachedSecret | None = None
    certificate: CachedCertificate | None = None
    assertion_credential_id: str | None = None
    unused: UnusedAssertion | None = None

    @property
    def credential_id(self) -> str:
        """What it was authenticated by: the `secret_id` of its tokens."""
        found = self.secret or self.certificate
        credential_id = self.assertion_credential_id if found is None else found.id
        assert credential_id is not None
        return credential_id


class ClientVerifier:
    """Looks clients up and compares their secrets."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[str, CachedClient] = {}
        self._misses = 0
        database.feed.subscribe(CLIENT, self._forget)

    def is_cached(self, client_id: str) -> bool:
        """Whether `find` needs no database for this client."""
        return client_id in self._cache

    async def find(self, client_id: str) -> CachedClient | None:
        """The current client. Raises TemporarilyUnavailable if the feed or the database is unreachable."""
        feed = self._database.feed
        feed.check()
        client = self._cache.get(client_id)
        if client is None and client_id.startswith(CLIENT_ID_PREFIX):
            generation = feed.generation
            client = await self._database.read_single(store.find_client, client_id)
            if client is not None and (client.certificate_bound or SELF_SIGNED_TLS in client.methods):
                found = await self._database.read_single(list_thumbprints, client.account_id, client_id)
                client = msgspec.structs.replace(client, certificates=found)
            # A change announced during the read may concern this client: do not cache it.
            if client is not None and feed.generation == generation:
                self._keep(client)
        return client

    async def reload(self, client_id: str) -> CachedClient | None:
        """The client in the database: another node's change may not have been announced yet."""
        self._cache.pop(client_id, None)
        return await self.find(client_id)

    def compare(self, client: CachedClient | None, secret: str, source: str, method: str) -> VerifiedClient:
        """Compare in constant time with all secrets of the client, to know the cause. Raises InvalidClient."""
        now, presented = now_ms(), digest(secret)
        match = None
        for known in client.secrets if client else ():
            if constant_time_equal(known.digest, presented):
                match = known
        if client is None:
            constant_time_equal(_NOBODY, presented)
            raise InvalidClient(reason="unknown client")
        if match is None:
            if is_well_formed(secret, CLIENT_SECRET):
                raise InvalidClient(reason="wrong secret", cause=Cause.WRONG_SECRET)
            raise InvalidClient(reason="secret mistyped: its checksum fails", cause=Cause.MISTYPED_SECRET)
        if match.revoked_at is not None:
            raise InvalidClient(reason=f"secret {match.id} was retired", cause=Cause.RETIRED_SECRET, concerns=match.id)
        if not match.is_live(now):
            raise InvalidClient(reason=f"secret {match.id} has expired", cause=Cause.EXPIRED_SECRET, concerns=match.id)
        _require_method(client, method, match.id)
        check_usable(client, source)
        return VerifiedClient(client, match)

    def compare_certificate(
        self, client: CachedClient | None, presented: Certificate | None, source: str
    ) -> VerifiedClient:
        """As `compare`, for the certificate of the connection (RFC 8705 §2.2). Raises InvalidClient."""
        if client is None:
            raise InvalidClient(reason="unknown client")
        found = find_registered(client, presented)
        if found is None:
            raise InvalidClient(reason="certificate not registered", cause=Cause.CERTIFICATE_MISMATCH)
        _require_method(client, SELF_SIGNED_TLS, found.id)
        check_usable(client, source)
        return VerifiedClient(client, certificate=found)

    def _keep(self, client: CachedClient) -> None:
        if len(self._cache) >= CACHE_SIZE:
            self._misses += 1
            if self._misses % ADMIT_EVERY:
                return
            del self._cache[next(iter(self._cache))]
        self._cache[client.id] = client

    def _forget(self, change: Invalidation) -> None:
        self._cache.pop(change.subject, None)


def check_usable(client: CachedClient, source: str) -> None:
    """Raises InvalidClient for a client that is disabled, or may not be used from this address."""
    if client.disabled:
        raise InvalidClient(reason="client is disabled", cause=Cause.CLIENT_DISABLED)
    if client.networks:
        address = parse_address(source)
        if address is None or not any(address in network for network in client.networks):
            raise InvalidClient(reason="address not allowed", cause=Cause.ADDRESS_NOT_ALLOWED)


def _require_method(client: CachedClient, method: str, concerns: str) -> None:
    """Raises InvalidClient if the client may not authenticate so; `concerns` is the secret or certificate."""
    if method not in client.methods:
        raise InvalidClient(reason=f"{method} not allowed", cause=Cause.METHOD_NOT_ALLOWED, concerns=concerns)
