"""Time-based one-time passwords (RFC 6238): HMAC-SHA-1, steps of 30 seconds, six digits, as authenticator apps do."""

import hmac
import os
from base64 import b32encode
from urllib.parse import quote, urlencode

STEP_MS = 30_000
DIGITS = 6
DRIFT = 1
"""Steps by which the clock of a phone may differ."""
SECRET_BYTES = 20


def new_totp_secret() -> bytes:
    """160 random bits (RFC 4226 §4)."""
    return os.urandom(SECRET_BYTES)


def hotp(secret: bytes, counter: int, digits: int = DIGITS) -> str:
    """The code of a counter (RFC 4226 §5.3)."""
    mac = hmac.digest(secret, counter.to_bytes(8), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def find_step(secret: bytes, code: str, now: int) -> int | None:
    """The step of which this is the code, within the drift; `now` in milliseconds.

    All steps are compared, in the same time whatever the code.
    """
    current, given, found = now // STEP_MS, code.encode(), None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(hotp(secret, step).encode(), given):
            found = step
    return found


def base32(secret: bytes) -> str:
    """The secret as it is typed into an app."""
    return b32encode(secret).decode().rstrip("=")


def otpauth_uri(secret: bytes, issuer: str, person: str) -> str:
    """The URI in the QR code, as authenticator apps read it (Key Uri Format)."""
    label = f"{quote(issuer, safe='')}:{quote(person, safe='@')}"
    query = urlencode({"secret": base32(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": 30})
    return f"otpauth://totp/{label}?{query}"
