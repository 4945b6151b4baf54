"""The settings of a guard."""

import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from linkxg_guard.used_proofs import UseProof

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
MAX_LEEWAY_S = 30
DPOP_ALGORITHMS = ("ES256", "EdDSA", "RS256", "PS256")


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """`issuer` is the URL of LinkXG, `resource` the identifier under which this service is registered there.

    `client_id` and `client_secret` are the credentials of that registration, a client of kind resource server.
    """

    issuer: str
    resource: str
    client_id: str
    client_secret: str = field(repr=False)
    max_staleness_s: float = 15.0
    """How old the knowledge of revocations may be, from 3 to 300 seconds; then every request is answered 503."""
    leeway_s: int = 5
    """Tolerated difference of times, at most 30 seconds. The time itself is LinkXG's, from its signed feed."""
    accept_api_tokens: bool = False
    """Whether tokens for LinkXG's own API are accepted too, such as those of people.

    This service could use them there in the name of their owner, so leave it off unless you trust it with that.
    """
    max_tokens: int = 16_384
    """How many verified tokens are remembered."""
    base_url: str | None = None
    """The URL under which callers reach this service, before its paths; then tokens bound to a key (DPoP) are accepted.

    It is what proofs are compared with, whatever a proxy makes of the host and scheme.
    """
    dpop_algorithms: tuple[str, ...] = DPOP_ALGORITHMS
    dpop_window_s: int = 60
    """How far the `iat` of a proof may be from LinkXG's time, either way; 5 to 300 seconds."""
    max_proofs: int = 131_072
    """How many used proofs this process remembers. If there are more within two windows, further ones get a 503."""
    use_proof: UseProof | None = field(default=None, repr=False)
    """A store of used proofs for all processes of the service, instead of the memory of each."""
    client_cert_header: str | None = None
    """The header in which a proxy reports the certificate of the caller, and which it replaces in every request."""
    client_cert_extension: bool = False
    """Whether the certificate comes from the ASGI server that ends TLS (the extension `tls`)."""
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("issuer must be an https URL; http is for loopback only")
        if not parts.hostname or parts.username or parts.query or parts.fragment or self.issuer.endswith("/"):
            raise ValueError("issuer must be a URL without user, query, fragment and trailing slash")
        if not self.resource.isascii() or not urlsplit(self.resource).scheme:
            raise ValueError("resource must be an absolute URL")
        if not _CLIENT_ID.fullmatch(self.client_id) or not self.client_secret:
            raise ValueError("client_id and client_secret must be those of the resource server")
        if not 3 <= self.max_staleness_s <= 300:
            raise ValueError("max_staleness_s must be between 3 and 300")
        if not 0 <= self.leeway_s <= MAX_LEEWAY_S:
            raise ValueError(f"leeway_s must be between 0 and {MAX_LEEWAY_S}")
        if not 1 <= self.max_tokens <= 1_000_000:
            raise ValueError("max_tokens must be between 1 and 1000000")
        self._check_senders()

    def _check_senders(self) -> None:
        """The settings for tokens that are bound to a key or a certificate."""
        if self.base_url is not None:
            base = urlsplit(self.base_url)
            if (
                base.scheme not in ("https", "http")
                or not base.hostname
                or base.username
                or base.query
                or base.fragment
            ):
                raise ValueError("base_url must be a URL without user, query and fragment")
            if self.base_url.endswith("/"):
                raise ValueError("base_url must not end with a slash")
        if not self.dpop_algorithms or not set(self.dpop_algorithms) <= set(DPOP_ALGORITHMS):
            raise ValueError(f"dpop_algorithms must be some of {', '.join(DPOP_ALGORITHMS)}")
        if not 5 <= self.dpop_window_s <= 300:
            raise ValueError("dpop_window_s must be between 5 and 300")
        if not 1 <= self.max_proofs <= 10_000_000:
            raise ValueError("max_proofs must be between 1 and 10000000")
        if self.client_cert_header is not None and not _HEADER.fullmatch(self.client_cert_header):
            raise ValueError("client_cert_header must be the name of a header")
        if self.client_cert_header is not None and self.client_cert_extension:
            raise ValueError("name one source of certificates")

    @property
    def wait_s(self) -> int:
        """How long a request for the feed waits for a change: three fit into the allowed staleness."""
        return max(1, min(25, int(self.max_staleness_s / 3)))

    @property
    def api(self) -> str:
        """The identifier of LinkXG's own API."""
        return f"{self.issuer}/api/v1"
