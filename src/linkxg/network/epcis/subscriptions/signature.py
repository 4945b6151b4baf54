"""The secret of a subscription, which signs its deliveries (EPCIS 2.0, `GS1-Signature`)."""

import hmac

from linkxg.crypto.seal import seal, unseal

_PURPOSE = "subscription secret "
SIGNATURE = "GS1-Signature"


def seal_secret(server_key: bytes, subscription_id: str, secret: str) -> bytes:
    """It opens in its own row only."""
    return seal(server_key, _purpose(subscription_id), secret.encode())


def sign(server_key: bytes, subscription_id: str, sealed: bytes, body: bytes) -> str | None:
    """HMAC-SHA-256 over the body; None if the secret was sealed with a server key that has been replaced."""
    secret = unseal(server_key, _purpose(subscription_id), sealed)
    return None if secret is None else f"sha256={hmac.digest(secret, body, 'sha256').hex()}"


def reseal(old_key: bytes, new_key: bytes, subscription_id: str, sealed: bytes) -> bytes | None:
    """The secret sealed with a new server key; None if the old one cannot open it."""
    secret = unseal(old_key, _purpose(subscription_id), sealed)
    return None if secret is None else seal(new_key, _purpose(subscription_id), secret)


def _purpose(subscription_id: str) -> bytes:
    return (_PURPOSE + subscription_id).encode()
