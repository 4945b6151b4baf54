"""Digests as UNTP requires them: the multihash of SHA-256, in base64url with the prefix of multibase."""

from linkxg.crypto.jwt import b64url

_SHA2_256 = bytes((0x12, 0x20))


def digest_multibase(sha256: str) -> str:
    """The multibase form of a digest in hexadecimal digits."""
    return "u" + b64url(_SHA2_256 + bytes.fromhex(sha256)).decode()
