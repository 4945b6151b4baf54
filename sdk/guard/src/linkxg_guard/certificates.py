"""The certificate of a client's TLS connection, as a proxy or the ASGI server reports it (RFC 8705 §3, RFC 9440)."""

import hashlib
import re
from base64 import b64decode
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from cryptography import x509

from linkxg_guard.jws import encode_segment

MAX_CERTIFICATE, MAX_VALUE = 8_192, 32_768
_PEM = re.compile(rb"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


class Certificate(NamedTuple):
    """Its SHA-256 as in `x5t#S256`, and when it is valid, in seconds since the epoch."""

    thumbprint: str
    not_before: float
    not_after: float


@lru_cache(1_024)
def read_certificate(value: bytes) -> Certificate:
    """Of a byte sequence (RFC 9440 §2.2) or of PEM, also percent-encoded as nginx writes it. Raises ValueError."""
    if len(value) > MAX_VALUE:
        raise ValueError("the certificate is too long")
    if value.startswith(b":") and value.endswith(b":") and len(value) > 2:
        encoded = value[1:-1]
    else:
        match = _PEM.fullmatch(unquote_to_bytes(value))
        if match is None:
            raise ValueError("not one certificate")
        encoded = b"".join(match[1].split())
    der = b64decode(encoded, validate=True)
    if len(der) > MAX_CERTIFICATE:
        raise ValueError("the certificate is too long")
    try:
        found = x509.load_der_x509_certificate(der)
        valid = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
    except Exception as fault:  # noqa: BLE001  the parser raises more than ValueError
        raise ValueError(type(fault).__name__) from None
    return Certificate(encode_segment(hashlib.sha256(der).digest()).decode(), *valid)
