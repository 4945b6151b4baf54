"""An OAuth client, and its representation (RFC 7591 §2, §3.2.1) with times in seconds since the epoch."""

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from linkxg.http.client_ip import Network

MAX_GRACE_S = 604_800
MAX_NAME = 200
MAX_CIDRS = 32
MAX_CERTIFICATES = 2


# gc=False: a worker caches thousands of them.
class CachedSecret(msgspec.Struct, frozen=True, gc=False):
    """A secret as client authentication needs it, live until revoked or expired; times in milliseconds."""

    id: str
    digest: bytes
    expires_at: int | None
    revoked_at: int | None

    def is_live(self, now: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class Secret(CachedSecret, frozen=True, gc=False):
    """A row of `client_secrets`."""

    hint: str
    created_at: int
    last_used_at: int | None
    last_used_source: str | None
    first_used_at: int | None
    uses: int
    tested_at: int | None
    """When it was last tested in the console, which does not count as use."""
    leak_url: str | None
    """Where it was found in public, empty if that is not known; None if it was not reported."""
    rotated_by: str | None
    """The secret by whose token the client itself made this one; None if a person made it."""


class CachedCertificate(msgspec.Struct, frozen=True, gc=False):
    """A registered certificate by its thumbprint `x5t#S256`."""

    id: str
    thumbprint: str


class CachedClient(msgspec.Struct, frozen=True, gc=False):
    """A client as client authentication needs it, with all its secrets."""

    id: str
    account_id: str
    scopes: frozenset[str]
    disabled: bool
    cidrs: tuple[str, ...]
    networks: tuple[Network, ...]
    epoch: int
    resource: str | None
    """The audience of a resource server (RFC 8707); None of an ordinary client."""
    methods: frozenset[str]
    """How it may authenticate."""
    secrets: tuple[CachedSecret, ...]
    dpop_bound: bool = False
    """Whether it gets only tokens bound to a key by DPoP (RFC 9449 §5.2)."""
    certificate_bound: bool = False
    """Whether it gets only tokens bound to one of its certificates (RFC 8705 §3.4)."""
    certificates: tuple[CachedCertificate, ...] = ()
    """Only of a client that uses them, and as client authentication has read it."""


class Client(CachedClient, frozen=True, gc=False, kw_only=True):
    """A row of `oauth_clients` with its secrets, oldest first."""

    secrets: tuple[Secret, ...]
    name: str
    created_at: int
    created_by: str
    self_rotation: bool
    last_used_at: int | None

    def live_secrets(self, now: int) -> list[Secret]:
        return [secret for secret in self.secrets if secret.is_live(now)]


class ClientCertificate(CachedCertificate, frozen=True, gc=False):
    """A row of `client_certificates`; `not_before` and `not_after` in seconds, other times in milliseconds."""

    subject: str
    not_before: int
    not_after: int
    created_at: int
    name: str
    created_by: str
    last_used_at: int | None = None
    last_used_source: str | None = None


class SecretView(msgspec.Struct):
    """A secret without its value."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"hint": "…x7Qe", "last_used_ip": "203.0.113.7"}

    id: str
    hint: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None
    last_used_ip: str | None


class CertificateView(msgspec.Struct):
    """A registered certificate; times in seconds. `thumbprint` is `x5t#S256` (RFC 8705 §3.1)."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Deployment",
        "last_used_ip": None,
        "thumbprint": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2",
        "subject": "CN=erp.example.com,O=Example GmbH",
        "not_before": 1_795_444_380,
        "not_after": 1_826_980_380,
    }

    id: str
    name: str
    created_at: int
    created_by: str
    last_used_at: int | None
    last_used_ip: str | None
    thumbprint: str
    subject: str
    not_before: int
    not_after: int


class ClientView(msgspec.Struct):
    """A client as its account's Owners and Admins see it; only resource servers have `resource`.

    The names of the options that bind tokens to their sender are those of RFC 9449 §5.2 and RFC 8705 §3.4.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "client_name": "ERP Integration",
        "client_id_issued_at": 1_795_444_380,
        "created_by": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "allowed_cidrs": ["203.0.113.0/24"],
        "token_endpoint_auth_methods": ["client_secret_basic", "client_secret_post"],
        "resource": UNSET,
    }

    client_id: str
    client_name: str
    scope: str
    client_id_issued_at: int
    created_by: str
    disabled: bool
    allowed_cidrs: list[str]
    self_rotation: bool
    last_used_at: int | None
    dpop_bound_access_tokens: bool
    tls_client_certificate_bound_access_tokens: bool
    secrets: list[SecretView]
    token_endpoint_auth_methods: list[str]
    resource: str | UnsetType = UNSET


_SECRET = {"client_secret": "lxgsec_8sKp...", "client_secret_expires_at": 0}


class RegisteredClient(ClientView, kw_only=True):
    """The answer to a registration, the only one with the secret. Expiry 0 means never (RFC 7591 §3.2.1)."""

    EXAMPLE: ClassVar[dict[str, Any]] = ClientView.EXAMPLE | _SECRET

    client_secret: str
    client_secret_expires_at: int


class RotatedSecret(msgspec.Struct):
    """The answer to a rotation. `previous_secret_expires_at` is null if no earlier secret remains live."""

    EXAMPLE: ClassVar[dict[str, Any]] = _SECRET | {"previous_secret_expires_at": None, "revoked_tokens": False}

    client_id: str
    client_secret: str
    client_secret_expires_at: int
    previous_secret_expires_at: int | None
    revoked_tokens: bool
