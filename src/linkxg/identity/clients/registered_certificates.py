"""The certificates that a client is registered with, as client authentication needs them (RFC 8705 §2.2)."""

from linkxg.crypto.secrets import constant_time_equal
from linkxg.identity.clients.model import CachedCertificate, CachedClient
from linkxg.identity.sender_constraint.client_certificate import Certificate


def find_registered(client: CachedClient, presented: Certificate | None) -> CachedCertificate | None:
    """The registered certificate that was presented; compared in constant time with all of them."""
    found = None
    if presented is not None:
        for known in client.certificates:
            if constant_time_equal(known.thumbprint.encode(), presented.thumbprint.encode()):
                found = known
    return found
