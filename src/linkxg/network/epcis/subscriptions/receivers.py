"""Posts documents to receivers of subscriptions: to checked addresses, within a deadline, reading only the status."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from linkxg.http.client_ip import Address, Network
from linkxg.identity.federation.addresses import Resolver, may_connect
from linkxg.identity.federation.pinned_request import PinnedClient
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.network.epcis.gs1_headers import ANSWER
from linkxg.network.epcis.subscriptions.signature import SIGNATURE

if TYPE_CHECKING:
    import httpx

DEADLINE_S = 10.0
"""Of one attempt, from the look-up of the name to the status of the answer."""
MAX_ANSWER = 64 * 1024
"""Bytes that a receiver may send before and in the head of its answer; its body is not read."""
DELIVERY_ID = "LinkXG-Delivery"


class ReceiverAnswer(NamedTuple):
    """`error` is a sentence if the receiver has not answered 2xx; without a `status` it has not answered at all."""

    status: int | None
    error: str | None
    milliseconds: int


class Receivers:
    """The requests of one worker; `private` are networks that are not public, and may be connected to."""

    def __init__(self, dns_server: str, private: Sequence[Network], *, most: int) -> None:
        self._private = private
        resolver = Resolver(dns_server, reads_hosts=bool(private))
        self._client = PinnedClient(resolver, private, most=most, most_bytes=MAX_ANSWER)

    def may_connect(self, address: Address) -> bool:
        return may_connect(address, self._private)

    async def post(
        self, dest: str, body: bytes, signature: str, delivery_id: str, headers: Mapping[str, str] | None = None
    ) -> ReceiverAnswer:
        sent = {"Content-Type": "application/json", SIGNATURE: signature, DELIVERY_ID: delivery_id, **ANSWER}
        began, status, error = time.monotonic(), None, None
        try:
            status = await self._client.request(
                "POST", dest, body, sent | dict(headers or {}), _status, seconds=DEADLINE_S
            )
        except ProviderFault as fault:
            error = fault.message
        else:
            error = None if 200 <= status < 300 else f"It answered {status}."
        return ReceiverAnswer(status, error, round((time.monotonic() - began) * 1_000))

    async def close(self) -> None:
        await self._client.close()


async def _status(response: "httpx.Response") -> int:
    return response.status_code
