"""HTTP requests to the providers of accounts, bounded in time, size and number (`pinned_request` says to where)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from linkxg.errors import TemporarilyUnavailable
from linkxg.http import strict_json
from linkxg.http.client_ip import Network
from linkxg.identity.federation.addresses import Resolver
from linkxg.identity.federation.pinned_request import PinnedClient
from linkxg.identity.federation.provider_fault import ProviderFault, UnreachableFault
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

if TYPE_CHECKING:
    import httpx

DEADLINE_S = 5.0
MAX_BYTES = 256 * 1024
PER_ACCOUNT, IN_ALL, RESERVED = 4, 32, 96
"""Requests of one worker at the same time; the reserve is for accounts that have none in progress."""
_NO_HEADERS: Mapping[str, str] = {}


class Reply(NamedTuple):
    """A JSON object and the status that came with it."""

    status: int
    body: dict[str, Any]


class ProviderClient:
    """The requests of one worker; `private` are networks that are not public, and may be connected to."""

    def __init__(self, resolver: Resolver, private: Sequence[Network]) -> None:
        self._client = PinnedClient(resolver, private, most=IN_ALL + RESERVED)
        self._limit = ConcurrencyLimit(PER_ACCOUNT, IN_ALL, reserve=RESERVED)

    async def get(self, account_id: str, url: str, headers: Mapping[str, str] = _NO_HEADERS) -> Reply:
        """Raises ProviderFault, or TemporarilyUnavailable while too many requests are in progress."""
        return await self._request(account_id, "GET", url, b"", headers)

    async def post(self, account_id: str, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Raises as `get` does."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return await self._request(account_id, "POST", url, urlencode(form).encode(), sent)

    async def close(self) -> None:
        await self._client.close()

    async def _request(self, account_id: str, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        with self._limit.slot(account_id) as has_slot:
            if not has_slot:
                raise TemporarilyUnavailable("too many requests to identity providers are in progress")
            return await self._client.request(method, url, body, headers, _read, seconds=DEADLINE_S)


def is_temporary(status: int) -> bool:
    """Whether a server that answers with it may answer otherwise a while later."""
    return status >= 500 or status in (408, 429)


async def _read(response: "httpx.Response") -> Reply:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ProviderFault("It answered with a compressed body, which was not asked for.")
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) > MAX_BYTES:
            raise ProviderFault("Its answer is larger than 256 KiB.")
    try:
        value = strict_json.parse(body.decode())
    except ValueError:
        is_html = response.headers.get("content-type", "").lower().startswith("text/html")
        found = "with an HTML page, without valid JSON" if is_html else "without valid JSON"
        kind = UnreachableFault if is_temporary(response.status_code) else ProviderFault
        raise kind(f"It answered {response.status_code} {found}.") from None
    if not isinstance(value, dict):
        raise ProviderFault("Its answer is not a JSON object.")
    return Reply(response.status_code, value)
