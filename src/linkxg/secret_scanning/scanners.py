"""The secret scanners that the operator trusts, and their keys, cached per worker.

Keys are read again when they are an hour old, or when a report names one that is not among them, which is how a scanner
rotates its keys: at most once a minute, so that reports with invented identifiers cause no requests.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from linkxg.errors import PublicError, TemporarilyUnavailable, UnsignedReport
from linkxg.http.logs import log
from linkxg.identity.federation.fetch import MAX_BYTES, ProviderClient
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.secret_scanning.public_keys import PublicKeys, is_signed, read_key_document, read_public_keys

KEPT_S = 3_600.0
REFETCH_S = 60.0


class _KnownKeys(NamedTuple):
    """Read at `at`; `tried_at` is when the last attempt began, successful or not. Monotonic seconds."""

    keys: PublicKeys
    at: float
    tried_at: float

    def find(self, key_id: str, now: float) -> EllipticCurvePublicKey | None:
        return self.keys.get(key_id) if now - self.at < KEPT_S else None


_NONE = _KnownKeys({}, float("-inf"), float("-inf"))
Candidates = list[tuple[str, EllipticCurvePublicKey]]
"""Scanners that have a key with the identifier of a report, and the key of each."""


class Scanners:
    """`named` are the names of the scanners, with the https address or the file of the keys of each."""

    def __init__(self, named: Sequence[tuple[str, str]], client: ProviderClient) -> None:
        self._places = dict(named)
        self._client = client
        self._known: dict[str, _KnownKeys] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    def __bool__(self) -> bool:
        return bool(self._places)

    async def find(self, key_id: str) -> Candidates:
        """Raises UnsignedReport if nobody has this key, or TemporarilyUnavailable if somebody's cannot be read."""
        found = self._find(key_id)
        if not found:
            await asyncio.gather(*(self._read_again(name) for name in self._places))
            found = self._find(key_id)
        if not found:
            now = time.monotonic()
            if any(now - self._known.get(name, _NONE).at >= KEPT_S for name in self._places):
                raise TemporarilyUnavailable("the keys of a secret scanner cannot be read", retry_after=int(REFETCH_S))
            raise UnsignedReport(reason="unknown key")
        return found

    def _find(self, key_id: str) -> Candidates:
        now = time.monotonic()
        keys = ((name, known.find(key_id, now)) for name, known in self._known.items())
        return [(name, key) for name, key in keys if key is not None]

    async def _read_again(self, name: str) -> None:
        """Unless that was tried within the last minute; requests at the same time share one attempt."""
        reading = self._reading.get(name)
        if reading is None:
            if time.monotonic() - self._known.get(name, _NONE).tried_at < REFETCH_S:
                return
            reading = self._reading[name] = asyncio.create_task(self._read(name))
            reading.add_done_callback(partial(self._has_read, name))
        await asyncio.shield(reading)

    def _has_read(self, name: str, _: asyncio.Task[None]) -> None:
        del self._reading[name]

    async def fault(self, name: str) -> str | None:
        """Why the keys of a scanner cannot be read now; None if they can."""
        return (await self._load(name))[1] or None

    async def _read(self, name: str) -> None:
        now = time.monotonic()
        self._known[name] = self._known.get(name, _NONE)._replace(tried_at=now)
        keys, fault = await self._load(name)
        if keys:
            self._known[name] = _KnownKeys(keys, now, now)
        else:
            log.warning("secret_scanning.keys", scanner=name, fault=fault)

    async def _load(self, name: str) -> tuple[PublicKeys, str]:
        """(the keys at an address or in a file, what is wrong if there are none)."""
        place = self._places[name]
        try:
            if place.startswith("https:"):
                reply = await self._client.get(f"secret scanner {name}", place)
                keys = read_key_document(reply.body) if reply.status == 200 else {}
            else:
                keys = read_public_keys(await asyncio.to_thread(_read_file, place))
        except (ProviderFault, PublicError, OSError, ValueError) as error:
            return {}, error.message if isinstance(error, ProviderFault) else type(error).__name__
        return keys, "" if keys else "no usable key"


def find_signer(candidates: Candidates, signature: str, body: bytes) -> str:
    """The name of the scanner that signed these bytes. Raises UnsignedReport."""
    for name, key in candidates:
        if is_signed(key, signature, body):
            return name
    raise UnsignedReport(reason="wrong signature")


def _read_file(place: str) -> str:
    with Path(place).open(encoding="utf-8") as file:
        return file.read(MAX_BYTES)
