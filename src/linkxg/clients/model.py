"""What is an OAuth client, and how is it shown?

Members follow RFC 7591 §2 and §3.2.1; times are integer seconds since the epoch.
"""

import msgspec

from linkxg.web.source import Network

MAX_GRACE_S = 604_800
MAX_NAME = 200
MAX_CIDRS = 32


# Structs without garbage collection: a worker keeps thousands, and reads one for each client that it has not kept.
class Secret(msgspec.Struct, frozen=True, gc=False):
    """A row of `client_secrets`; times in milliseconds. Live until revoked or expired."""

    id: str
    digest: bytes
    hint: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    last_used_source: str | None
    first_used_at: int | None = None
    uses: int = 0

    def is_live(self, now: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class Client(msgspec.Struct, frozen=True, gc=False):
    """A row of `oauth_clients` with its secrets, oldest first."""

    id: str
    account_id: str
    name: str
    scopes: frozenset[str]
    created_at: int
    created_by: str
    disabled: bool
    cidrs: tuple[str, ...]
    networks: tuple[Network, ...]
    self_rotation: bool
    epoch: int
    last_used_at: int | None
    secrets: tuple[Secret, ...]

    def live_secrets(self, now: int) -> list[Secret]:
        return [secret for secret in self.secrets if secret.is_live(now)]


class SecretView(msgspec.Struct):
    """A secret as it may be shown: which one, never what."""

    id: str
    hint: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None
    last_used_ip: str | None


class ClientView(msgspec.Struct):
    """A client as its account's Owners and Admins see it."""

    client_id: str
    client_name: str
    scope: str
    client_id_issued_at: int
    created_by: str
    disabled: bool
    allowed_cidrs: list[str]
    self_rotation: bool
    last_used_at: int | None
    secrets: list[SecretView]


class RegisteredClient(ClientView, kw_only=True):
    """The answer to a registration: the only time that the secret is told. Expiry 0 means never (RFC 7591 §3.2.1)."""

    client_secret: str
    client_secret_expires_at: int


class RotatedSecret(msgspec.Struct):
    """The answer to a rotation. `previous_secret_expires_at` is null when no earlier secret lives on."""

    client_id: str
    client_secret: str
    client_secret_expires_at: int
    previous_secret_expires_at: int | None
    revoked_tokens: bool
