"""Second factors as their person sees them, and the challenge of a sign-in in two steps."""

from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

from linkxg.clock import MINUTE
from linkxg.identity.sessions.model import SignedIn

MFA_TOKEN_MS = 5 * MINUTE
MAX_FAILURES = 5
"""Wrong codes per challenge."""
ENROLLMENT_MS = 15 * MINUTE
"""How long the secret of an authenticator app waits for its first code."""
TOTP, RECOVERY_CODE, PASSKEY = "totp", "recovery_code", "passkey"

Purpose = Literal["sign_in", "enroll", "step_up"]
"""What a challenge opens: a session, the set-up of a first factor and then a session, or a step-up of a session."""
Amr = tuple[str, ...]


class MfaChallenge(NamedTuple):
    """A live challenge: `user_id` gave the right password, and has not changed since.

    `session_id` is the session to be stepped up.
    """

    digest: bytes
    account_id: str
    user_id: str
    email: str
    role: str
    purpose: Purpose
    session_id: str | None


class FactorView(msgspec.Struct, rename="camel"):
    """A second factor; `method` is what `POST /auth/mfa` calls it."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"method": "totp", "name": "Authenticator app"}

    id: str
    method: str
    name: str
    created_at: str
    last_used_at: str | None


class Factors(msgspec.Struct, rename="camel"):
    """`required` tells whether the account requires a second factor of this person by now."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"recoveryCodesLeft": 10, "required": False}

    factors: list[FactorView]
    recovery_codes_left: int
    required: bool


class NewTotp(msgspec.Struct, rename="camel"):
    """The secret of an authenticator app, shown this once; `qr` is an SVG image of `uri`."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "secret": "JBSWY3DPEHPK3PXP...",
        "uri": "otpauth://totp/LinkXG:ada@example.com?secret=JBSWY3DPEHPK3PXP...&issuer=LinkXG",
        "qr": "<svg ...>",
    }

    secret: str
    uri: str
    qr: str
    expires_at: str


class RecoveryCodes(msgspec.Struct, rename="camel"):
    """Recovery codes, shown this once. Each works once; null if those that the person has stay valid."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"recoveryCodes": ["3kq7wx-9m2bhv-c5t8rn-zd4jyf"]}

    recovery_codes: list[str] | None


class Enrolled(msgspec.Struct, rename="camel"):
    """A first factor was set up at sign-in: the recovery codes, shown this once, and the session."""

    EXAMPLE: ClassVar[dict[str, Any]] = RecoveryCodes.EXAMPLE

    recovery_codes: list[str] | None
    session: SignedIn


class SteppedUp(msgspec.Struct, rename="camel"):
    """A new access token of the same session, whose refresh token stays; `expires_in` in seconds."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "accessToken": "eyJhbGciOiJIUzI1NiIs...",
        "tokenType": "Bearer",
        "expiresIn": 900,
    }

    access_token: str
    token_type: str
    expires_in: int
