"""The credentials of clients in memory; the invalidation feed evicts those of a client that has changed."""

from typing import NamedTuple

from linkxg.db import Database, Invalidation
from linkxg.db.invalidation_feed import CLIENT
from linkxg.identity.client_assertions import store
from linkxg.identity.client_assertions.model import JWKS_URI, KEY, Credential, Trust, jwk_of, jwks_uri_of, trust_of
from linkxg.identity.clients.model import CachedClient
from linkxg.identity.federation.signed_token import VerificationKey, read_key
from linkxg.runtime.cache import evict_oldest

MAX_CLIENTS = 2_000


class ClientCredentials(NamedTuple):
    """Each with the id of its row."""

    keys: tuple[tuple[str, VerificationKey], ...] = ()
    key_sets: tuple[tuple[str, str], ...] = ()
    trusts: tuple[tuple[str, Trust], ...] = ()


class CredentialCache:
    """Whether what it holds is still true is decided by the transaction that uses an assertion up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[str, ClientCredentials] = {}
        database.feed.subscribe(CLIENT, self._forget)

    async def find(self, client: CachedClient, *, bypass_cache: bool = False) -> ClientCredentials:
        """`bypass_cache` reads them even if they are cached: another node's change may not have been announced yet."""
        feed = self._database.feed
        known = None if bypass_cache else self._cache.get(client.id)
        if known is not None:
            return known
        generation = feed.generation
        found = _read(await self._database.read(store.list_credentials, client.account_id, client.id))
        if feed.generation == generation:
            evict_oldest(self._cache, MAX_CLIENTS)
            self._cache[client.id] = found
        return found

    def _forget(self, change: Invalidation) -> None:
        self._cache.pop(change.subject, None)


def _read(found: list[Credential]) -> ClientCredentials:
    keys: list[tuple[str, VerificationKey]] = []
    for one in found:
        if one.kind == KEY and (key := read_key({**jwk_of(one)})) is not None:
            keys.append((one.id, key))
    return ClientCredentials(
        tuple(keys),
        tuple((one.id, jwks_uri_of(one)) for one in found if one.kind == JWKS_URI),
        tuple((one.id, trust_of(one)) for one in found if one.kind not in (KEY, JWKS_URI)),
    )
