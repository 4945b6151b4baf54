"""The public keys that are accepted: ES256 on P-256, EdDSA on Ed25519, RS256 (RFC 9053, RFC 8812).

A key decides what its verification costs; its owner chooses it.
"""

from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSECRV, COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import (
    DecodedEC2PublicKey,
    DecodedOKPPublicKey,
    DecodedRSAPublicKey,
)

from linkxg.identity.passkeys.client_data import CeremonyFailed

ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""By preference, as offered to authenticators (WebAuthn Level 3 §5.4)."""
_RSA_BYTES = range(256, 513)
_RSA_EXPONENT = (65_537).to_bytes(3)


def check_public_key(encoded: bytes) -> None:
    """Raises CeremonyFailed unless the COSE key is of one of these kinds, and valid."""
    try:
        key = decode_credential_public_key(encoded)
        if not _is_accepted(key):
            raise CeremonyFailed("another kind of key")
        decoded_public_key_to_cryptography(key)
    except CeremonyFailed:
        raise
    except Exception as fault:
        # The library reads members without a check; whatever it raises, the key is none.
        raise CeremonyFailed(f"public key: {type(fault).__name__}") from fault


def _is_accepted(key: object) -> bool:
    if isinstance(key, DecodedEC2PublicKey):
        is_p256 = key.alg == COSEAlgorithmIdentifier.ECDSA_SHA_256 and key.crv == COSECRV.P256
        return is_p256 and _has_length(key.x, 32) and _has_length(key.y, 32)
    if isinstance(key, DecodedOKPPublicKey):
        is_ed25519 = key.alg == COSEAlgorithmIdentifier.EDDSA and key.crv == COSECRV.ED25519
        return is_ed25519 and _has_length(key.x, 32)
    if isinstance(key, DecodedRSAPublicKey):
        is_rs256 = key.alg == COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256
        return is_rs256 and isinstance(key.n, bytes) and len(key.n) in _RSA_BYTES and key.e == _RSA_EXPONENT
    return False


def _has_length(coordinate: object, length: int) -> bool:
    return isinstance(coordinate, bytes) and len(coordinate) == length
