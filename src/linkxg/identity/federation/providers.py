"""The metadata and keys of the accounts' providers, cached per worker.

The keys are fetched again when they are an hour old, or when a token names a key that is not among them, which is how a
provider rotates its keys: at most once a minute, so that tokens with invented key ids cause no requests. A fetch that
failed is repeated after some seconds, and meanwhile the last keys are accepted for as long again.
"""

import asyncio
import time
from functools import partial
from typing import NamedTuple, Protocol

from linkxg.errors import TemporarilyUnavailable
from linkxg.identity.federation.discovery import ProviderMetadata, discover
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.federation.provider_fault import ProviderFault, UnknownKeyFault
from linkxg.identity.federation.signed_token import Header, VerificationKey, read_header, read_keys, verify
from linkxg.runtime.account_cache import AccountCache

KEPT_S = 3_600.0
REFETCH_S = 60.0
RETRY_S = 5.0
"""After a fetch that failed."""
MAX_PROVIDERS, MAX_PROVIDERS_OF_ACCOUNT = 1_000, 200
MAX_BYTES, MAX_BYTES_OF_ACCOUNT = 32 << 20, 4 << 20
"""Of the keys in memory."""
_ENTRY_BYTES = 4_096
_NO_USABLE_KEY = "Its key set has no usable key."


class _Metadata(NamedTuple):
    metadata: ProviderMetadata
    at: float


class _Keys(NamedTuple):
    """Fetched at `at`, and not again before `again_at`; `fault` if the last fetch failed. Monotonic seconds."""

    keys: tuple[VerificationKey, ...]
    at: float
    again_at: float
    fault: str = ""

    def fitting(self, header: Header, oldest: float) -> list[VerificationKey]:
        """Those that may have made the signature, unless they were fetched before `oldest`."""
        return [key for key in self.keys if key.fits(header)] if self.at > oldest else []


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
        self._metadata: AccountCache[_Metadata] = AccountCache(MAX_PROVIDERS_OF_ACCOUNT, MAX_PROVIDERS)
        self._keys: AccountCache[_Keys] = AccountCache(MAX_BYTES_OF_ACCOUNT, MAX_BYTES)
        self._fetching: dict[tuple[str, str], asyncio.Task[tuple[VerificationKey, ...]]] = {}

    async def metadata(self, account_id: str, issuer: str, *, bypass_cache: bool = False) -> ProviderMetadata:
        """Of the provider `issuer`; `bypass_cache` fetches it even if it is cached. Raises ProviderFault."""
        known = self._metadata.get(account_id, issuer)
        if known is not None and not bypass_cache and time.monotonic() - known.at < self._kept_s:
            return known.metadata
        metadata = await discover(self.client, account_id, issuer)
        self._metadata.put(account_id, issuer, _Metadata(metadata, time.monotonic()))
        return metadata

    async def fetch_keys(self, account_id: str, metadata: KeySource) -> tuple[VerificationKey, ...]:
        """Fetch the keys; requests at the same time share one fetch.

        Raises ProviderFault if no key is usable, or TemporarilyUnavailable while too many requests are in progress.
        """
        return await asyncio.shield(self._start_fetch(account_id, metadata.jwks_uri))

    async def verify(self, account_id: str, metadata: KeySource, token: str) -> SignedClaims:
        """The claims of a token that the provider signed. Raises ProviderFault for any other token."""
        header = read_header(token, metadata.algorithms)
        key = await self._key(account_id, metadata, header)
        return SignedClaims(header.type, verify(token, header, key))

    async def _key(self, account_id: str, metadata: KeySource, header: Header) -> VerificationKey:
        uri, now = metadata.jwks_uri, time.monotonic()
        known = self._keys.get(account_id, uri) or _NO_KEYS
        fitting = known.fitting(header, now - self._kept_s)
        if not fitting:
            fitting = await self._look_again(account_id, uri, header, now)
        # Without a key id, a token is verified by the only key of its type (OpenID Connect Core 1.0, 10.1).
        if len(fitting) != 1:
            raise UnknownKeyFault("It signed a token with a key that is not in its key set.")
        return fitting[0]

    async def _look_again(self, account_id: str, uri: str, header: Header, now: float) -> list[VerificationKey]:
        """The keys that fit after a fetch, if one is due; the last ones if it fails."""
        known, oldest = self._keys.get(account_id, uri) or _NO_KEYS, now - 2 * self._kept_s
        last = known.fitting(header, oldest) if known.fault else []
        if (account_id, uri) not in self._fetching and now < known.again_at:
            if known.fault and not last:
                raise ProviderFault(known.fault)
            return last
        fetching = self._start_fetch(account_id, uri)
        if last:
            # It failed before: nobody waits for it again.
            return last
        try:
            return [key for key in await asyncio.shield(fetching) if key.fits(header)]
        except (ProviderFault, TemporarilyUnavailable):
            last = (self._keys.get(account_id, uri) or _NO_KEYS).fitting(header, oldest)
            if not last:
                raise
            return last

    def _start_fetch(self, account_id: str, uri: str) -> asyncio.Task[tuple[VerificationKey, ...]]:
        place = (account_id, uri)
        fetching = self._fetching.get(place)
        if fetching is None:
            fetching = self._fetching[place] = asyncio.create_task(self._fetch(account_id, uri))
            fetching.add_done_callback(partial(self._fetched, place))
        return fetching

    def _fetched(self, place: tuple[str, str], task: asyncio.Task[tuple[VerificationKey, ...]]) -> None:
        del self._fetching[place]
        if not task.cancelled():
            # Whoever waited has it too; nobody may wait any more.
            task.exception()

    async def _fetch(self, account_id: str, uri: str) -> tuple[VerificationKey, ...]:
        """Nothing is kept of a fetch that got no slot: it was not tried."""
        began = time.monotonic()
        try:
            reply = await self.client.get(account_id, uri)
            if reply.status != 200:
                raise ProviderFault("Its key set is not available.")
            keys = read_keys(reply.body)
        except ProviderFault as fault:
            known = self._keys.get(account_id, uri) or _NO_KEYS
            self._keep(account_id, uri, known._replace(again_at=time.monotonic() + RETRY_S, fault=fault.message))
            raise
        if not keys:
            # It has taken out all of them: none is accepted any more.
            self._keep(account_id, uri, _Keys((), began, time.monotonic() + RETRY_S, _NO_USABLE_KEY))
            raise ProviderFault(_NO_USABLE_KEY)
        self._keep(account_id, uri, _Keys(keys, began, began + REFETCH_S))
        return keys

    def _keep(self, account_id: str, uri: str, found: _Keys) -> None:
        self._keys.put(account_id, uri, found, _ENTRY_BYTES + sum(key.size for key in found.keys))
