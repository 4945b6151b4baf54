"""The public keys of secret scanners, and the signatures of their reports: ECDSA with P-256 and SHA-256."""

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from typing import Any

from cryptography.exceptions import InvalidSignature as NotSigned
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from linkxg.http import strict_json
from linkxg.identity.federation.signed_token import read_keys

MAX_KEYS = 64
_LONGEST_SIGNATURE = 200
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----")
PublicKeys = dict[str, EllipticCurvePublicKey]
"""By the identifier that reports name."""


def read_public_keys(text: str) -> PublicKeys:
    """The usable keys of a document as GitHub publishes it, of a JWK set, or of PEM blocks; other keys are skipped.

    The identifier of a PEM block is the SHA-256 of its key (DER, SubjectPublicKeyInfo) in hexadecimal digits.
    """
    blocks = _PEM.findall(text)[:MAX_KEYS] if not text.lstrip().startswith("{") else []
    if blocks:
        keys = [key for block in blocks if (key := _read_pem(block))]
        return {hashlib.sha256(_der(key)).hexdigest(): key for key in keys}
    try:
        document = strict_json.parse(text)
    except ValueError:
        return {}
    return read_key_document(document) if isinstance(document, dict) else {}


def read_key_document(document: dict[str, Any]) -> PublicKeys:
    """As `read_public_keys`, of a JSON object."""
    listed = document.get("public_keys")
    if isinstance(listed, list):
        named = [one for one in listed[:MAX_KEYS] if isinstance(one, dict)]
        pairs = ((one.get("key_identifier"), one.get("key")) for one in named)
        return {
            id: key
            for id, pem in pairs
            if isinstance(id, str) and isinstance(pem, str) and id and (key := _read_pem(pem))
        }
    if not isinstance(document.get("keys"), list):
        return {}
    jwks = (one for one in read_keys(document) if one.kid and one.type == "EC")
    return {str(one.kid): key for one in jwks if (key := _p256(one.key.public_key))}


def is_signed(key: EllipticCurvePublicKey, signature: str, body: bytes) -> bool:
    """Whether the signature, DER in base64, is that of the key over exactly these bytes."""
    try:
        raw = b64decode(signature, validate=True)
        if len(signature) > _LONGEST_SIGNATURE or b64encode(raw).decode() != signature:
            return False
        key.verify(raw, body, ECDSA(hashes.SHA256()))
    except (NotSigned, binascii.Error, ValueError):
        return False
    return True


def _read_pem(text: str) -> EllipticCurvePublicKey | None:
    try:
        return _p256(load_pem_public_key(text.encode()))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _p256(key: Any) -> EllipticCurvePublicKey | None:
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None


def _der(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
