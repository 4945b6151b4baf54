"""The client certificate of a request, as a trusted proxy that terminates mutual TLS reports it (RFC 8705, RFC 9440).

The header field is read only of a connection from a trusted proxy: everybody else could write into it what they like.
"""

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from linkxg.clock import now_s
from linkxg.crypto.jwt import b64url
from linkxg.errors import InvalidRequest
from linkxg.http.client_ip import ClientAddresses
from linkxg.http.request_context import RequestContext

MAX_CERTIFICATE = 8 * 1024
"""Bytes of the DER encoding."""
MAX_PEM = 16 * 1024
MAX_SUBJECT = 500
_BYTE_SEQUENCE = re.compile(rb":([A-Za-z0-9+/]*={0,2}):")
_PEM = re.compile(rb"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


class MalformedCertificate(ValueError):
    """The text is not one X.509 certificate."""


class Certificate(NamedTuple):
    """An X.509 certificate; times in seconds since the epoch. `thumbprint` is `x5t#S256` (RFC 8705 §3.1)."""

    thumbprint: str
    subject: str
    not_before: int
    not_after: int

    def is_valid_at(self, seconds: int) -> bool:
        return self.not_before <= seconds <= self.not_after


class CertificateReader:
    """Reads certificates of requests; with an empty `header` there are none."""

    def __init__(self, header: str, addresses: ClientAddresses) -> None:
        self._header = header.lower().encode()
        self._addresses = addresses

    @property
    def is_enabled(self) -> bool:
        return bool(self._header)

    def read(self, context: RequestContext) -> Certificate | None:
        """The certificate that the sender holds the key of, valid now; None if there is none.

        Raises InvalidRequest if a trusted proxy sends several, or one that is malformed.
        """
        if not self._header or not self._addresses.is_trusted(context.peer):
            return None
        value = context.header(self._header)
        if not value:
            return None
        try:
            certificate = _read_header(value)
        except MalformedCertificate as error:
            raise InvalidRequest("The client certificate is malformed.", reason=str(error)) from None
        return certificate if certificate.is_valid_at(now_s()) else None


def read_certificate_pem(text: str) -> Certificate:
    """The certificate of a PEM text with exactly one (RFC 7468 §5). Raises MalformedCertificate."""
    try:
        return _read_pem(text.encode("ascii"))
    except UnicodeEncodeError:
        raise MalformedCertificate("not ASCII") from None


@lru_cache(1_024)
def _read_header(value: bytes) -> Certificate:
    """A byte sequence (RFC 9440 §2), or PEM with percent-encoding, as nginx writes it."""
    if match := _BYTE_SEQUENCE.fullmatch(value):
        return _read_der(_decode(match[1]))
    return _read_pem(unquote_to_bytes(value))


def _read_pem(pem: bytes) -> Certificate:
    match = _PEM.fullmatch(pem) if len(pem) <= MAX_PEM else None
    if match is None:
        raise MalformedCertificate("not the PEM of one certificate")
    return _read_der(_decode(b"".join(match[1].split())))


def _decode(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedCertificate("not base64") from None


def _read_der(der: bytes) -> Certificate:
    if len(der) > MAX_CERTIFICATE:
        raise MalformedCertificate("too large")
    try:
        found = x509.load_der_x509_certificate(der)
        if found.public_bytes(Encoding.DER) != der:
            raise MalformedCertificate("not DER")
        return Certificate(
            b64url(hashlib.sha256(der).digest()).decode(),
            found.subject.rfc4514_string()[:MAX_SUBJECT],
            int(found.not_valid_before_utc.timestamp()),
            int(found.not_valid_after_utc.timestamp()),
        )
    except MalformedCertificate:
        raise
    except Exception as error:  # noqa: BLE001  the parser raises more than ValueError
        raise MalformedCertificate(type(error).__name__) from None
