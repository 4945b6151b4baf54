"""The relying party: who passkeys are for, derived from the service's own address (WebAuthn Level 3 §13.4.9)."""

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

NAME = "LinkXG"


class RelyingParty(NamedTuple):
    """`id` is the host, to which authenticators bind a passkey; `origin` is what browsers sign as that of the page."""

    id: str
    origin: str

    @property
    def is_supported(self) -> bool:
        """Whether browsers make passkeys for it: only for a host name, over TLS or at localhost."""
        if self.id == "localhost" or self.id.endswith(".localhost"):
            return True
        return self.origin.startswith("https:") and not _is_address(self.id)


def relying_party(public_url: str) -> RelyingParty:
    """The relying party of `LINKXG_PUBLIC_URL`, which is an origin as browsers write it."""
    return RelyingParty(urlsplit(public_url).hostname or "", public_url)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
