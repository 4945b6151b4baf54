"""Follows the revocation feed of LinkXG: `GET /api/v1/oauth/revocations`, a signed document that is long-polled.

Each request carries a fresh nonce that the signature covers, so no answer can be replayed, and an answer without news
still proves that there are none.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from typing import Any

from cryptography.exceptions import InvalidSignature

from linkxg_guard.clock import now
from linkxg_guard.connection import Connection, Refused, Unreachable
from linkxg_guard.jws import decode_segment, encode_segment, read_header, split
from linkxg_guard.key_set import KeySet
from linkxg_guard.revocations import Revocations, read_revocations
from linkxg_guard.settings import GuardSettings
from linkxg_guard.strict_json import is_integer, read_object

PATH = "/api/v1/oauth/revocations"
TYPE = "linkxg-revocations+jwt"
MAX_BODY = 4 * 1024 * 1024
PAUSE_AFTER_CHANGE_S, PAUSE_S = 0.05, 0.4
"""From one request to the next where LinkXG answers at once, as it does when too many wait."""
RETRY_S, LONGEST_RETRY_S, REFUSED_RETRY_S = 0.2, 2.0, 5.0
MIN_REFRESH_S = 1.0
_log = logging.getLogger("linkxg_guard")


class RevocationFeed:
    """`current` is None until the first answer. `heard_at` is when the request of the last good answer was sent."""

    def __init__(self, settings: GuardSettings, connection: Connection, keys: KeySet) -> None:
        self.current: Revocations | None = None
        self.heard_at = float("-inf")
        self.offset = 0.0
        """LinkXG's time less that of `clock.now`."""
        self.heard = asyncio.Event()
        self._settings = settings
        self._connection = connection
        self._keys = keys
        self._mac_key = _mac_key(settings)
        self._refresh_lock = asyncio.Lock()
        self._refreshed_at = float("-inf")

    async def follow(self) -> None:
        """Read the feed until this task is cancelled."""
        faults = 0
        while True:
            started = now()
            try:
                changed = await self.read(self._settings.wait_s)
                await self._keys.refresh()
            except Exception as fault:  # noqa: BLE001  whatever it is, only another attempt helps
                longest = REFUSED_RETRY_S if isinstance(fault, Refused) else LONGEST_RETRY_S
                pause = min(RETRY_S * 2 ** min(faults, 8), longest)
                if not faults:
                    _log.warning("the revocation feed cannot be read: %s: %s", type(fault).__name__, fault)
                faults += 1
            else:
                if faults:
                    _log.warning("the revocation feed can be read again")
                faults = 0
                pause = PAUSE_AFTER_CHANGE_S if changed else max(0.0, PAUSE_S - (now() - started))
            await asyncio.sleep(pause)

    async def refresh(self) -> None:
        """Ask for news now, at most once per second for all callers. Raises nothing: `heard_at` tells."""
        async with self._refresh_lock:
            if now() - self._refreshed_at < MIN_REFRESH_S:
                return
            self._refreshed_at = now()
            try:
                await self.read(0)
            except (Unreachable, ValueError) as fault:
                _log.warning("the revocation feed cannot be read: %s", fault)

    async def read(self, wait_s: int) -> bool:
        """One request; whether there was news. Raises Unreachable or ValueError."""
        known, started, nonce = self.current, now(), secrets.token_urlsafe(16)
        params = {"nonce": nonce}
        if known is not None:
            params |= {"after": known.version, "wait": str(wait_s)}
        body, signature = await self._connection.get_signed(PATH, MAX_BODY, params, wait_s)
        received = now()
        claims = await self._verify(body, signature, nonce)
        found = read_revocations(claims, known)
        if started < self.heard_at:
            # A later request has been answered already.
            return False
        self.offset = claims["iat"] - received
        self.current, self.heard_at = found, started
        self.heard.set()
        return known is None or known.version != found.version

    async def _verify(self, body: bytes, detached: bytes, nonce: str) -> dict[str, Any]:
        """The members of a body whose detached JWS (RFC 7515 appendix F) is right. Raises ValueError."""
        header_segment, payload_segment, signature_segment = split(detached)
        header = read_header(header_segment)
        if header.typ != TYPE or payload_segment:
            raise ValueError("not the signature of a feed")
        message, signature = header_segment + b"." + encode_segment(body), decode_segment(signature_segment)
        if header.alg == "HS256" and header.kid is None:
            # This key is of this algorithm and of these documents only.
            if not hmac.compare_digest(hmac.digest(self._mac_key, message, "sha256"), signature):
                raise ValueError("the signature is wrong")
        else:
            key = None
            if header.kid is not None:
                key = self._keys.find(header.kid) or await self._keys.load(header.kid)
            if key is None or key.alg != header.alg:
                raise ValueError("signed with an unknown key")
            try:
                key.verify(signature, message)
            except InvalidSignature:
                raise ValueError("the signature is wrong") from None
        claims = read_object(body)
        settings = self._settings
        expected = {"iss": settings.issuer, "aud": settings.client_id, "resource": settings.resource, "nonce": nonce}
        for name, value in expected.items():
            if claims.get(name) != value:
                raise ValueError(f"the member {name} of the feed is another one")
        if not is_integer(claims.get("iat")):
            raise ValueError("the feed has no time")
        return claims


def _mac_key(settings: GuardSettings) -> bytes:
    """The key that LinkXG derives too where it signs tokens with a secret of its own (HS256)."""
    digest = hashlib.sha256(settings.client_secret.encode()).digest()
    return hmac.digest(digest, f"{TYPE} {settings.client_id}".encode(), "sha256")


def wall_clock_skew(feed: RevocationFeed) -> float:
    """Seconds that this machine's clock is ahead of LinkXG's; for monitoring only, no decision needs it."""
    return time.time() - (now() + feed.offset)
