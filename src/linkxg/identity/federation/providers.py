"""The metadata and keys of the accounts' providers, cached per worker.

The keys are fetched again when they are an hour old, or when a token names a key that is not among them, which is how a
provider rotates its keys: at most once a minute, so that tokens with invented key ids cause no requests.
"""

import asyncio
import time
from functools import partial
from typing import NamedTuple, Protocol

from linkxg.identity.federation.discovery import ProviderMetadata, discover
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.federation.provider_fault import ProviderFault, UnknownKeyFault
from linkxg.identity.federation.signed_token import Header, VerificationKey, read_header, read_keys, verify
from linkxg.runtime.cache import evict_oldest

KEPT_S = 3_600.0
REFETCH_S = 60.0
MAX_PROVIDERS = 1_000


class _Metadata(NamedTuple):
    metadata: ProviderMetadata
    at: float


class _Keys(NamedTuple):
    """Fetched at `at`; `tried_at` is when the last fetch began, successful or not. Monotonic seconds."""

    keys: tuple[VerificationKey, ...]
    at: float
    tried_at: float


_NO_KEYS = _Keys((), float("-inf"), float("-inf"))


class KeySource(Protocol):
    """Where keys are fetched, and the algorithms that they may be used with."""

    @property
    def jwks_uri(self) -> str: ...

    @property
    def algorithms(self) -> frozenset[str]: ...


class SignedClaims(NamedTuple):
    """The claims of a token with a valid signature, and the `typ` of its header in lower case."""

    type: str | None
    claims: dict[str, object]


class Providers:
    """Entries belong to an account: no account sees, or fills, what another one fetched."""

    def __init__(self, client: ProviderClient, *, kept_s: float = KEPT_S) -> None:
        self.client = client
        self._kept_s = kept_s
        self._metadata: dict[tuple[str, str], _Metadata] = {}
        self._keys: dict[tuple[str, str], _Keys] = {}
        self._fetching: dict[tuple[str, str], asyncio.Task[tuple[VerificationKey, ...]]] = {}

    async def metadata(self, account_id: str, issuer: str, *, again: bool = False) -> ProviderMetadata:
        """Of the provider `issuer`; `again` fetches it even if it is cached. Raises ProviderFault."""
        known = self._metadata.get((account_id, issuer))
        if known is not None and not again and time.monotonic() - known.at < self._kept_s:
            return known.metadata
        metadata = await discover(self.client, account_id, issuer)
        evict_oldest(self._metadata, MAX_PROVIDERS)
        self._metadata[account_id, issuer] = _Metadata(metadata, time.monotonic())
        return metadata

    async def fetch_keys(self, account_id: str, metadata: KeySource) -> tuple[VerificationKey, ...]:
        """Fetch the keys; requests at the same time share one fetch. Raises ProviderFault if no key is usable."""
        place = (account_id, metadata.jwks_uri)
        fetching = self._fetching.get(place)
        if fetching is None:
            fetching = self._fetching[place] = asyncio.create_task(self._fetch(account_id, metadata.jwks_uri))
            fetching.add_done_callback(partial(self._fetched, place))
        return await asyncio.shield(fetching)

    async def verify(self, account_id: str, metadata: KeySource, token: str) -> SignedClaims:
        """The claims of a token that the provider signed. Raises ProviderFault for any other token."""
        header = read_header(token, metadata.algorithms)
        key = await self._key(account_id, metadata, header)
        return SignedClaims(header.type, verify(token, header, key))

    async def _key(self, account_id: str, metadata: KeySource, header: Header) -> VerificationKey:
        place = (account_id, metadata.jwks_uri)
        known, now = self._keys.get(place, _NO_KEYS), time.monotonic()
        fitting = [key for key in known.keys if key.fits(header)] if now - known.at < self._kept_s else []
        if not fitting and (place in self._fetching or now - known.tried_at >= REFETCH_S):
            fitting = [key for key in await self.fetch_keys(account_id, metadata) if key.fits(header)]
        # Without a key id, a token is verified by the only key of its type (OpenID Connect Core 1.0, 10.1).
        if len(fitting) != 1:
            raise UnknownKeyFault("It signed a token with a key that is not in its key set.")
        return fitting[0]

    def _fetched(self, place: tuple[str, str], task: asyncio.Task[tuple[VerificationKey, ...]]) -> None:
        del self._fetching[place]
        if not task.cancelled():
            # Whoever waited has it too; nobody may wait any more.
            task.exception()

    async def _fetch(self, account_id: str, uri: str) -> tuple[VerificationKey, ...]:
        known, now = self._keys.get((account_id, uri), _NO_KEYS), time.monotonic()
        evict_oldest(self._keys, MAX_PROVIDERS)
        self._keys[account_id, uri] = known._replace(tried_at=now)
        reply = await self.client.get(account_id, uri)
        keys = read_keys(reply.body) if reply.status == 200 else ()
        if not keys:
            raise ProviderFault("Its key set has no usable key.")
        self._keys[account_id, uri] = _Keys(keys, now, now)
        return keys
