"""Reads what a JWKS URI or an issuer publishes once, when it is registered.

What answers with something else is refused: nobody could get a token by it. What does not answer now is registered, as
not read yet: it may be down, and a client is often set up before the server that publishes its keys.
"""

from typing import NamedTuple

from linkxg.clock import now_ms
from linkxg.errors import InvalidRequest, TemporarilyUnavailable
from linkxg.identity.client_assertions.issuer_keys import METADATA_PATH, jwks_uri_of
from linkxg.identity.client_assertions.model import JwksUri, Trust
from linkxg.identity.federation.fetch import ProviderClient, Reply, is_temporary
from linkxg.identity.federation.provider_fault import ProviderFault, UnreachableFault
from linkxg.identity.federation.signed_token import read_keys

_BUSY = "Too many addresses were being read at the same time."


class PublishedKeys(NamedTuple):
    """`read_at` is None unless there are usable keys; `fault` says why not, and `refusal` if that is final."""

    read_at: int | None = None
    fault: str | None = None
    refusal: InvalidRequest | None = None


NOT_PUBLISHED = PublishedKeys()
"""Of a credential that holds its key itself."""


async def read_published_keys(
    client: ProviderClient, account_id: str, document: dict[str, str] | JwksUri | Trust
) -> PublishedKeys:
    """By a request of its own, so that what is registered again after a fault was mended is not judged by a cache."""
    if isinstance(document, dict):
        return NOT_PUBLISHED
    try:
        if isinstance(document, Trust):
            place = document.issuer.removesuffix("/") + METADATA_PATH
            metadata = await _get(client, account_id, place, "its metadata")
            uri = jwks_uri_of(metadata.body, document.issuer)
        else:
            uri = document.jwks_uri
        if not read_keys((await _get(client, account_id, uri, "its key set")).body):
            raise ProviderFault("Its key set has no usable key.")
    except UnreachableFault as fault:
        return PublishedKeys(fault=fault.message)
    except TemporarilyUnavailable:
        return PublishedKeys(fault=_BUSY)
    except ProviderFault as fault:
        must = (
            "The field issuer must be an issuer whose metadata and keys can be read."
            if isinstance(document, Trust)
            else "The field jwks_uri must be an address that answers with a key set."
        )
        return PublishedKeys(fault=fault.message, refusal=InvalidRequest(f"{must} {fault.message}"))
    return PublishedKeys(read_at=now_ms())


async def _get(client: ProviderClient, account_id: str, url: str, what: str) -> Reply:
    reply = await client.get(account_id, url)
    if reply.status != 200:
        kind = UnreachableFault if is_temporary(reply.status) else ProviderFault
        raise kind(f"It answered {reply.status} when asked for {what}.")
    return reply
