"""The identity provider that an account has connected, and its e-mail domains."""

import re
from typing import Any, ClassVar, NamedTuple

import msgspec

from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.roles import RANK, Role

MAX_CLIENT_ID = 255
MAX_CLIENT_SECRET = 1_024
MAX_CLAIM = 200
MAX_MAPPED = 50
MAX_BREAK_GLASS = 10
MAX_DOMAINS = 50
DNS_LABEL = "_linkxg"
"""The label below which the TXT record of a domain is."""
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")


class IdentityProvider(NamedTuple):
    """A row of `identity_providers`. Times in milliseconds; `role_mapping` maps a value of the claim to a role."""

    account_id: str
    issuer: str
    client_id: str
    sealed_secret: bytes
    default_role: Role | None
    role_claim: str | None
    role_mapping: dict[str, Role]
    owners_by_claim: bool
    sso_only: bool
    created_at: int
    updated_at: int

    def role_of(self, claims: dict[str, Any]) -> Role | None:
        """The role that the claims give: the highest of those mapped, else the default; None if neither gives one."""
        value = claims.get(self.role_claim) if self.role_claim else None
        values = value if isinstance(value, list) else [value]
        mapped = [self.role_mapping[one] for one in values if isinstance(one, str) and one in self.role_mapping]
        mapped = [role for role in mapped if role != "OWNER" or self.owners_by_claim]
        return max(mapped, key=RANK.__getitem__, default=self.default_role)

    def changes_role(self, user: User) -> bool:
        """Whether a sign-in changes the role of a person: an Owner's only if claims decide who is one."""
        return self.role_claim is not None and (user.role != "OWNER" or self.owners_by_claim)


class IdentityProviderView(msgspec.Struct, rename="camel"):
    """A connected provider; its client secret is never returned. Register both URIs at the provider."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "issuer": "https://login.acme.example",
        "clientId": "linkxg",
        "roleClaim": "groups",
        "roleMapping": {"linkxg-admins": "ADMIN"},
        "redirectUri": "https://api.linkxg.com/sign-in/sso/01a20900-46b1-7977-8501-b67e3b66cab2/callback",
        "backchannelLogoutUri": "https://api.linkxg.com/sign-in/sso/01a20900-46b1-7977-8501-b67e3b66cab2/backchannel-logout",
    }

    issuer: str
    client_id: str
    default_role: Role | None
    role_claim: str | None
    role_mapping: dict[str, Role]
    owners_by_claim: bool
    sso_only: bool
    break_glass_owner_ids: list[str]
    redirect_uri: str
    backchannel_logout_uri: str
    created_at: str
    updated_at: str


class EmailDomain(NamedTuple):
    """A row of `email_domains`. Times in milliseconds; `verified_at` is None until the TXT record was found."""

    account_id: str
    domain: str
    token: str
    created_at: int
    verified_at: int | None

    @property
    def record_name(self) -> str:
        return f"{DNS_LABEL}.{self.domain}"

    @property
    def record_value(self) -> str:
        return f"linkxg-verification={self.token}"


class EmailDomainView(msgspec.Struct, rename="camel"):
    """A domain of the account's e-mail addresses, and the TXT record that verifies it."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "domain": "acme.example",
        "recordName": "_linkxg.acme.example",
        "recordValue": "linkxg-verification=6b1d2f6c0a...",
    }

    domain: str
    verified: bool
    record_name: str
    record_value: str
    created_at: str
    verified_at: str | None


def normalize_domain(text: str) -> str | None:
    """A domain in ASCII lower case (RFC 5891); None if it is not one with at least two labels."""
    domain = text.strip().rstrip(".")
    if not domain.isascii() and len(domain) <= 253:
        import idna

        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            return None
    domain = domain.lower()
    return domain if _DOMAIN.fullmatch(domain) else None


def domain_of(email_key: str) -> str:
    """The domain of a normalised e-mail address."""
    return email_key.rpartition("@")[2].rstrip(".")


def redirect_uri(public_url: str, account_id: str) -> str:
    """One for each account: the answer of one provider is never taken for that of another (RFC 9700, 4.4.2)."""
    return f"{public_url}/sign-in/sso/{account_id}/callback"


def backchannel_logout_uri(public_url: str, account_id: str) -> str:
    return f"{public_url}/sign-in/sso/{account_id}/backchannel-logout"
