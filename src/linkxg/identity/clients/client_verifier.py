"""Verifies client credentials (RFC 6749 §2.3.1).

Clients are kept in a bounded cache that the change feed empties entry by entry, so a token request needs no
query. Every way to fail ends in the same InvalidClient (RFC 6749 §5.2); the cause is for the log and the
console only.
"""

from typing import NamedTuple

from linkxg.clock import now_ms
from linkxg.crypto.secrets import CLIENT_SECRET, constant_time_equal, digest, is_well_formed
from linkxg.db import Database, Invalidation
from linkxg.db.invalidation_feed import CLIENT
from linkxg.errors import Cause, InvalidClient
from linkxg.http.client_ip import parse_address
from linkxg.identity.clients import store
from linkxg.identity.clients.model import CachedClient, CachedSecret
from linkxg.ids import CLIENT_ID_PREFIX

CACHED = 20_000
ADMITTED = 8
"""Of so many clients that are not kept, one takes the place of the oldest: when very many come in turn, most of those
who are kept come again, instead of each being forgotten just before."""
_NOBODY = digest("")


class VerifiedClient(NamedTuple):
    client: CachedClient
    secret: CachedSecret


class ClientVerifier:
    """Looks clients up and compares their secrets."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[str, CachedClient] = {}
        self._missed = 0
        database.feed.subscribe(CLIENT, self._forget)

    def is_cached(self, client_id: str) -> bool:
        """Whether `find` needs no database for this client."""
        return client_id in self._cache

    async def find(self, client_id: str) -> CachedClient | None:
        """The client as it stands now. Raises TemporarilyUnavailable when that cannot be known."""
        feed = self._database.feed
        feed.check()
        client = self._cache.get(client_id)
        if client is None and client_id.startswith(CLIENT_ID_PREFIX):
            generation = feed.generation
            client = await self._database.read_single(store.find_client, client_id)
            # A change heard while the row was being read may concern it: then use it once and do not keep it.
            if client is not None and feed.generation == generation:
                self._keep(client)
        return client

    async def find_anew(self, client_id: str) -> CachedClient | None:
        """The client as the database has it. On PostgreSQL another node may have changed it a moment ago unheard."""
        self._cache.pop(client_id, None)
        return await self.find(client_id)

    def compare(self, client: CachedClient | None, secret: str, source: str) -> VerifiedClient:
        """Raises InvalidClient. Compares in constant time with every secret the client ever had, to know the cause."""
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
        if client.disabled:
            raise InvalidClient(reason="client is disabled", cause=Cause.CLIENT_DISABLED)
        if client.networks:
            address = parse_address(source)
            if address is None or not any(address in network for network in client.networks):
                raise InvalidClient(reason="address not allowed", cause=Cause.ADDRESS_NOT_ALLOWED)
        return VerifiedClient(client, match)

    def _keep(self, client: CachedClient) -> None:
        if len(self._cache) >= CACHED:
            self._missed += 1
            if self._missed % ADMITTED:
                return
            del self._cache[next(iter(self._cache))]
        self._cache[client.id] = client

    def _forget(self, change: Invalidation) -> None:
        self._cache.pop(change.subject, None)
