"""Authenticated encryption of stored data: AES-256-GCM (NIST SP 800-38D).

The key is derived from the server key and the purpose by HKDF-SHA256 (RFC 5869).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


def seal(key: bytes, purpose: bytes, content: bytes) -> bytes:
    """Encrypt `content` with a random nonce."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_derived(key, purpose)).encrypt(nonce, content, purpose)


def unseal(key: bytes, purpose: bytes, sealed: bytes) -> bytes | None:
    """The content; None if it was sealed with another key or purpose, or has been changed."""
    try:
        return AESGCM(_derived(key, purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose)
    except (InvalidTag, ValueError):
        return None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(key)
