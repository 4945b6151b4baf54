"""The slug of an account: its public name in addresses, such as `acme-gmbh`."""

import re
import secrets
import unicodedata

PATTERN = "^[a-z][a-z0-9-]{1,38}$"
MAX_LENGTH = 39
RESERVED = frozenset(
    {
        "01", "account", "accounts", "api", "assets", "audit", "connections", "dpp", "email-changes", "epcis",
        "events", "favicon", "healthz", "help", "imports", "invitations", "linkxg", "metrics", "openapi", "partners",
        "password-reset", "products", "readyz", "requests", "robots", "scim", "sessions", "shared", "shares",
        "sign-in", "sign-out", "sign-up", "static", "traceability", "v1", "well-known", "www",
    }
)  # fmt: skip
"""The first segments of the paths of this service, which no account may have."""

_SLUG = re.compile(PATTERN)
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_SUFFIX = 6


def is_slug(text: str) -> bool:
    """Whether an account may have it."""
    return _SLUG.fullmatch(text) is not None and text not in RESERVED


def slug_from(name: str) -> str:
    """A slug that resembles the name of an account; other accounts may have it."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _SEPARATORS.sub("-", letters).strip("-")[: MAX_LENGTH - _SUFFIX - 1].rstrip("-")
    return slug if is_slug(slug) else f"account-{slug}".rstrip("-")[:MAX_LENGTH]


def with_suffix(slug: str) -> str:
    """The slug with a random ending: a counter would tell how many accounts have the name."""
    return f"{slug[: MAX_LENGTH - _SUFFIX - 1]}-{secrets.token_hex(_SUFFIX // 2)}"
