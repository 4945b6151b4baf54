"""The certificates that a client is registered with, as client authentication needs them (RFC 8705 §2.2)."""

import msgspec

from linkxg.crypto.secrets import constant_time_equal
from linkxg.identity.clients.model import CachedCertificate, CachedClient
from linkxg.identity.sender_constraint.client_certificate import Certificate

SECRET = "client_secret"  # noqa: S105  the name of a method
SELF_SIGNED_TLS = "self_signed_tls_client_auth"
METHODS = (SECRET, SELF_SIGNED_TLS)
"""Of client authentication, in the allow-list of a client."""


def find_registered(client: CachedClient, presented: Certificate | None) -> CachedCertificate | None:
    """The registered certificate that was presented; compared in constant time with all of them."""
    found = None
    if presented is not None:
        for known in client.certificates:
            if constant_time_equal(known.thumbprint.encode(), presented.thumbprint.encode()):
                found = known
    return found


def encode_methods(methods: frozenset[str]) -> str:
    return msgspec.json.encode(sorted(methods)).decode()
