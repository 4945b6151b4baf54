"""A password reset: a one-time link with which a person without a session chooses a new password.

It belongs to one state of the person: it ends when their rights, their address or their password change, and so when
any of their links is used.
"""

from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

from linkxg.clock import HOUR, MINUTE
from linkxg.crypto.secrets import digest
from linkxg.identity.accounts.model import User, email_key

LIFETIME_MINUTES = 30
LIFETIME_MS = LIFETIME_MINUTES * MINUTE
MAX_MAILED = 3
"""Mails of a kind, with a link or without, to one person within WINDOW_MS, whoever asks for them."""
WINDOW_MS = HOUR
MAX_MAILED_LIVE = 2
"""Of these, within LIFETIME_MS: a request is dropped only while a link that was mailed is still valid."""

IssuedBy = Literal["mail", "notice", "user", "cli"]
"""By a request that was mailed, one that was mailed without a link, by an Owner or Admin, or by the operator."""


class PasswordLink(msgspec.Struct, rename="camel"):
    """A link with which a person chooses a new password; it is returned once, and works once."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "email": "mira@example.com",
        "link": "https://api.linkxg.com/password-reset/...",
        "expiresAt": "2026-11-28T10:30:00Z",
    }

    id: str
    email: str
    link: str
    expires_at: str


class ResetPerson(NamedTuple):
    """What the holder of a link may see."""

    account_name: str
    email: str


def binding_of(user: User) -> bytes:
    """The digest of the person's password hash and address: a link of an earlier one is invalid."""
    return digest(f"{user.password_hash}\n{email_key(user.email)}")
