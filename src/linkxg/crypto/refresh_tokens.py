"""The format of refresh tokens.

`lxgref_` and hex of `session (16) | generation (4) | nonce (16) | tag (16)`. The tag is an HMAC with the server key: a
forged token is rejected without a query, and reuse of a genuine one is detected by its generation, without a row per
token (RFC 9700 §4.14.2). 128 bits of nonce, 128 bits of tag.
"""

import hmac
import os
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from linkxg.crypto.mac import hmac_signer
from linkxg.crypto.secrets import REFRESH_TOKEN

_TAG = 16
_BODY = 16 + 4 + 16
_LENGTH = len(REFRESH_TOKEN) + 2 * (_BODY + _TAG)
LAST_GENERATION = 2**32 - 1


class RefreshToken(NamedTuple):
    session_id: str
    generation: int


def new_refresh_token(key: bytes, session_id: str, generation: int, nonce: bytes | None = None) -> str:
    """A token of `session_id`; with a `nonce` (16 bytes) it is reproducible."""
    body = bytes.fromhex(session_id.replace("-", "")) + generation.to_bytes(4) + (nonce or os.urandom(16))[:16]
    return REFRESH_TOKEN + (body + _tag(key, body)).hex()


def successor_nonce(key: bytes, used: str, idempotency_key: str) -> bytes:
    """The nonce of the successor, reproducible from the used token and the Idempotency-Key."""
    return hmac.digest(key, b"successor\0" + used.encode() + b"\0" + idempotency_key.encode(), "sha256")[:16]


def read_refresh_token(key: bytes, token: str) -> RefreshToken | None:
    """The session and generation of a genuine token; None for anything else."""
    if len(token) != _LENGTH or not token.startswith(REFRESH_TOKEN):
        return None
    text = token[len(REFRESH_TOKEN) :]
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    # fromhex also accepts upper case and spaces, which are not canonical.
    if raw.hex() != text or not hmac.compare_digest(raw[_BODY:], _tag(key, raw[:_BODY])):
        return None
    session_id = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"
    return RefreshToken(session_id, int.from_bytes(raw[16:20]))


def _tag(key: bytes, body: bytes) -> bytes:
    return _signer(key)(body)[:_TAG]


@lru_cache(1)
def _signer(key: bytes) -> Callable[[bytes], bytes]:
    return hmac_signer(key, b"refresh\0")
