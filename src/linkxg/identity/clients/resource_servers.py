"""The resource servers of an account, as the token endpoint needs them.

They are cached, and evicted by the invalidation feed.
"""

from linkxg.db import Database, Invalidation
from linkxg.db.invalidation_feed import CLIENT
from linkxg.errors import InvalidTarget
from linkxg.identity.clients import store
from linkxg.identity.clients.resource_identifier import MAX_RESOURCE
from linkxg.runtime.cache import evict_oldest

CACHE_SIZE = 4_096


class ResourceServers:
    """Finds the audience of a token request (RFC 8707 §2)."""

    def __init__(self, database: Database, own_audience: str) -> None:
        self._database = database
        self._own_audience = own_audience
        self._known: dict[tuple[str, str], str] = {}
        self._resources: dict[str, tuple[str, str]] = {}
        database.feed.subscribe(CLIENT, self._forget)

    async def audience(self, account_id: str, resource: str | None) -> str | None:
        """The audience of another service, None for this API. Raises InvalidTarget or TemporarilyUnavailable."""
        if resource is None or resource == self._own_audience:
            return None
        if len(resource) > MAX_RESOURCE:
            raise InvalidTarget
        feed, key = self._database.feed, (account_id, resource)
        feed.check()
        if key not in self._known:
            generation = feed.generation
            client_id = await self._database.read_single(store.find_resource_server, account_id, resource)
            if client_id is None:
                raise InvalidTarget
            # A change announced during the read may concern it: do not cache it.
            if feed.generation == generation:
                evict_oldest(self._known, CACHE_SIZE)
                evict_oldest(self._resources, CACHE_SIZE)
                self._known[key], self._resources[client_id] = client_id, key
        return resource

    def _forget(self, change: Invalidation) -> None:
        key = self._resources.pop(change.subject, None)
        if key is not None:
            self._known.pop(key, None)
