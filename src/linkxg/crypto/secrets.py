"""Client secrets and one-time tokens: generation, format and digest.

A credential is `prefix + 43 base62 characters (256 bits) + 6-character checksum`: secret scanners recognise the prefix,
and the checksum reveals typing errors. Only its SHA-256 is stored: at 256 bits a slow hash would add no security, and
would make the token endpoint easy to overload (OWASP ASVS 11.4.2, 6.5.2).
"""

import hashlib
import hmac
import os
import re
import zlib

from linkxg.ids import base62

CLIENT_SECRET = "lxgsec_"  # noqa: S105  a prefix, not a secret
REFRESH_TOKEN = "lxgref_"  # noqa: S105
INVITATION = "lxginv_"
PASSWORD_RESET = "lxgrst_"  # noqa: S105
SIGN_UP = "lxgsup_"
EMAIL_CHANGE = "lxgeml_"
SCIM_TOKEN = "lxgscm_"  # noqa: S105
PASSPORT_ACCESS = "lxgdpp_"
MFA_TOKEN = "lxgmfa_"  # noqa: S105

_CHECKSUM_WIDTH = 6
_SHAPE = re.compile(r"(lxg[a-z]{3}_)([0-9A-Za-z]{43})([0-9A-Za-z]{6})")


def new_secret(prefix: str, seed: bytes | None = None) -> str:
    """A random credential, or one derived from `seed` (32 bytes)."""
    body = base62((seed or os.urandom(32))[:32], 43)
    return prefix + body + _checksum(prefix + body)


def is_well_formed(secret: str, prefix: str) -> bool:
    """Whether prefix, length and checksum are valid."""
    match = _SHAPE.fullmatch(secret)
    return match is not None and match[1] == prefix and match[3] == _checksum(match[1] + match[2])


def digest(secret: str) -> bytes:
    """The SHA-256 that is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def constant_time_equal(one: bytes, other: bytes) -> bool:
    """For bytes only: `compare_digest` raises on non-ASCII text."""
    return hmac.compare_digest(one, other)


def hint(secret: str) -> str:
    """The last four characters of the random part, to tell secrets apart."""
    return "…" + secret[-_CHECKSUM_WIDTH - 4 : -_CHECKSUM_WIDTH]


def derive(key: bytes, label: str, *parts: str) -> bytes:
    """HMAC-SHA256 over length-prefixed parts, so that different parts never give the same message."""
    message = b"".join(len(part).to_bytes(4) + part for part in (p.encode() for p in (label, *parts)))
    return hmac.digest(key, message, "sha256")


def _checksum(text: str) -> str:
    return base62(zlib.crc32(text.encode()).to_bytes(4), _CHECKSUM_WIDTH)
