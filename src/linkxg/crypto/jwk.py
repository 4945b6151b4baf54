"""The members of JSON Web Keys: RFC 7517, RFC 7518 §6, RFC 8037 §2."""

import hashlib
from collections.abc import Mapping

import msgspec

from linkxg.crypto.jwt import b64url

PRIVATE_MEMBERS = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
"""What a public key of each type requires, in lexicographic order (RFC 7638 §3.3)."""


def thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638, with SHA-256."""
    members = {name: jwk[name] for name in THUMBPRINT_MEMBERS[jwk["kty"]]}
    return b64url(hashlib.sha256(msgspec.json.encode(members)).digest()).decode()
