"""Server nonces of DPoP (RFC 9449 §8): a minute, authenticated with the key that all nodes share.

Nothing is stored, and every node accepts the nonces of the others.
"""

from linkxg.clock import now_s
from linkxg.crypto.jwt import b64url, decode_b64url
from linkxg.crypto.mac import hmac_signer
from linkxg.crypto.secrets import constant_time_equal

STEP_S = 60
LIFETIME_STEPS = 5
RENEW_AFTER_STEPS = 2
"""A client whose nonce is this old gets the next one with its answer, before it needs one."""
_AHEAD_STEPS = 1
"""The clock of the node that issued it may be ahead."""
_STEP_BYTES, _MAC_BYTES = 5, 16


class Nonces:
    def __init__(self, server_key: bytes) -> None:
        self._mac = hmac_signer(server_key, b"dpop nonce\0")
        self._current = (-1, "")

    def current(self) -> str:
        step = now_s() // STEP_S
        if self._current[0] != step:
            encoded = step.to_bytes(_STEP_BYTES)
            self._current = (step, b64url(encoded + self._mac(encoded)[:_MAC_BYTES]).decode())
        return self._current[1]

    def age(self, nonce: object) -> int | None:
        """How many steps ago a live nonce of this server was issued; None for any other."""
        raw = decode_b64url(nonce) if isinstance(nonce, str) else None
        if raw is None or len(raw) != _STEP_BYTES + _MAC_BYTES:
            return None
        encoded, mac = raw[:_STEP_BYTES], raw[_STEP_BYTES:]
        if not constant_time_equal(self._mac(encoded)[:_MAC_BYTES], mac):
            return None
        age = now_s() // STEP_S - int.from_bytes(encoded)
        return age if -_AHEAD_STEPS <= age <= LIFETIME_STEPS else None
