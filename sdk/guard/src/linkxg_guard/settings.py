"""The settings of a guard."""

import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
MAX_LEEWAY_S = 30


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

    @property
    def wait_s(self) -> int:
        """How long a request for the feed waits for a change: three fit into the allowed staleness."""
        return max(1, min(25, int(self.max_staleness_s / 3)))

    @property
    def api(self) -> str:
        """The identifier of LinkXG's own API."""
        return f"{self.issuer}/api/v1"
