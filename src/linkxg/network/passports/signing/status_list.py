"""Bitstring Status List 1.0: which credentials of an issuer are revoked."""

import gzip
from collections.abc import Iterable
from typing import Any

from linkxg.clock import MINUTE, rfc3339
from linkxg.crypto.jwt import b64url
from linkxg.network.passports.documents.untp_json_ld import CREDENTIALS_CONTEXT
from linkxg.network.passports.signing.store import LIST_SIZE

TTL_MS = 5 * MINUTE
"""How long a verifier may keep a list."""


def encode_bits(revoked: Iterable[int]) -> str:
    """The list in multibase: base64url of the compressed bits, the first of which is the most significant (§3.3)."""
    bits = bytearray(LIST_SIZE // 8)
    for position in revoked:
        bits[position // 8] |= 0x80 >> position % 8
    return "u" + b64url(gzip.compress(bytes(bits), mtime=0)).decode()


def status_list_credential(address: str, issuer: str, revoked: Iterable[int], now: int) -> dict[str, Any]:
    """The credential of a list (§2.2); `issuer` is a DID."""
    return {
        "@context": [CREDENTIALS_CONTEXT],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": rfc3339(now),
        "validUntil": rfc3339(now + TTL_MS),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode_bits(revoked),
            "ttl": TTL_MS,
        },
    }
