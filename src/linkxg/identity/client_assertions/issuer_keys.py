"""The keys of foreign issuers and of clients with a JWKS URI, fetched by bounded requests and cached per worker.

What is asked of an issuer is its metadata (OpenID Connect Discovery 1.0) and its key set: GitHub Actions, GitLab and
Kubernetes have no other endpoint.
"""

import asyncio
import time
from functools import partial
from typing import Any, NamedTuple

from linkxg.identity.client_assertions.assertion import ACCEPTED
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.federation.pinned_request import split_url
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.providers import (
    MAX_PROVIDERS,
    MAX_PROVIDERS_OF_ACCOUNT,
    RETRY_S,
    Providers,
    SignedClaims,
)
from linkxg.runtime.account_cache import AccountCache

KEPT_S = 600.0
"""How long a key may still be accepted that its issuer has taken out of its key set."""
METADATA_PATH = "/.well-known/openid-configuration"
_NAMED_OTHERWISE = "Its metadata names another issuer. Enter the issuer exactly as it writes it."


class KeySetAddress(NamedTuple):
    """Where keys are, whatever else their owner publishes."""

    jwks_uri: str
    algorithms: frozenset[str] = ACCEPTED


class _Discovered(NamedTuple):
    """Read at `at`, and not again before `again_at`; `fault` unless that may be used. Monotonic seconds."""

    jwks_uri: str
    at: float
    again_at: float
    fault: str = ""


class IssuerKeys:
    """Entries belong to an account: no account sees, or fills, what another one fetched."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client
        self._providers = Providers(client, kept_s=KEPT_S)
        self._discovered: AccountCache[_Discovered] = AccountCache(MAX_PROVIDERS_OF_ACCOUNT, MAX_PROVIDERS)
        self._asking: dict[tuple[str, str], asyncio.Task[_Discovered]] = {}

    async def verify_by_key_set(self, account_id: str, jwks_uri: str, token: str) -> SignedClaims:
        """Raises ProviderFault unless the token is signed by a key of this set, or TemporarilyUnavailable."""
        return await self._providers.verify(account_id, KeySetAddress(jwks_uri), token)

    async def verify_by_issuer(self, account_id: str, issuer: str, token: str) -> SignedClaims:
        """Raises ProviderFault unless the token is signed by a key of the issuer, or TemporarilyUnavailable."""
        return await self.verify_by_key_set(account_id, await self._jwks_uri(account_id, issuer), token)

    async def _jwks_uri(self, account_id: str, issuer: str) -> str:
        """Requests at the same time share one answer, or one fault."""
        place, now = (account_id, issuer), time.monotonic()
        known = self._discovered.get(account_id, issuer)
        if known is None or now >= known.again_at:
            asking = self._asking.get(place)
            if asking is None:
                asking = self._asking[place] = asyncio.create_task(self._ask(account_id, issuer))
                asking.add_done_callback(partial(self._asked, place))
            known = await asyncio.shield(asking)
        if known.fault:
            raise ProviderFault(known.fault)
        return known.jwks_uri

    async def _ask(self, account_id: str, issuer: str) -> _Discovered:
        known, began = self._discovered.get(account_id, issuer), time.monotonic()
        try:
            document = await self._read_metadata(account_id, issuer)
        except ProviderFault as fault:
            again_at = time.monotonic() + RETRY_S
            if known is not None and not known.fault and began < known.at + 2 * KEPT_S:
                # As with keys, what it said last is good for as long again while it is out of reach.
                found = known._replace(again_at=again_at)
            else:
                found = _Discovered("", began, again_at, fault.message)
        else:
            try:
                found = _Discovered(jwks_uri_of(document, issuer), began, began + KEPT_S)
            except ProviderFault as fault:
                found = _Discovered("", began, time.monotonic() + RETRY_S, fault.message)
        self._discovered.put(account_id, issuer, found)
        return found

    def _asked(self, place: tuple[str, str], task: asyncio.Task[_Discovered]) -> None:
        del self._asking[place]
        if not task.cancelled():
            # Whoever waited has the fault too; nobody may wait any more.
            task.exception()

    async def _read_metadata(self, account_id: str, issuer: str) -> dict[str, Any]:
        reply = await self._client.get(account_id, issuer.removesuffix("/") + METADATA_PATH)
        if reply.status != 200:
            raise ProviderFault("It does not publish its metadata.")
        return reply.body


def jwks_uri_of(document: dict[str, Any], issuer: str) -> str:
    """Raises ProviderFault unless the document is that of the issuer."""
    named = document.get("issuer")
    if named != issuer:
        if isinstance(named, str) and named.removesuffix("/") == issuer.removesuffix("/"):
            how = "with" if named.endswith("/") else "without"
            raise ProviderFault(f"Its metadata names the issuer {how} a slash at the end.")
        raise ProviderFault(_NAMED_OTHERWISE)
    uri = document.get("jwks_uri")
    if not isinstance(uri, str):
        raise ProviderFault("Its metadata has no jwks_uri.")
    split_url(uri)
    return uri
