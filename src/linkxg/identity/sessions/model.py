"""A session: the chain (family) of refresh tokens that began with a sign-in.

One row, however long the chain: it holds the generation and the digest of the one live refresh token. Times are in
milliseconds.
"""

from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

from linkxg.clock import DAY, HOUR, MINUTE
from linkxg.identity.accounts.authentication_policy import is_multi_factor, longest_age, required_from

REFRESH_MS = 7 * DAY
SESSION_MS = 30 * DAY
IDLE_MS = 30 * MINUTE
CONSOLE_MS = 12 * HOUR
TOUCH_MS = MINUTE
"""Resolution of the last use of a console session."""
MAX_SESSIONS = 20
REPLAY_MS = 60_000
"""How long a repeated refresh with the same Idempotency-Key gets the same successor."""

KNOWN_MS = 30 * DAY
"""How long a place stays known after a sign-in from it."""

Kind = Literal["api", "console"]


class SessionUser(msgspec.Struct):
    id: str
    email: str
    role: str


class SignedIn(msgspec.Struct, rename="camel"):
    """The answer to a sign-in or a refresh; `expires_in` in seconds."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "accessToken": "eyJhbGciOiJIUzI1NiIs...",
        "refreshToken": "lxgref_01a20900...",
        "tokenType": "Bearer",
        "expiresIn": 900,
    }

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    user: SessionUser


class SessionView(msgspec.Struct, rename="camel"):
    """A session as its person sees it."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"userAgent": "Mozilla/5.0"}

    id: str
    created_at: str
    last_used_at: str
    expires_at: str
    source: str
    user_agent: str
    current: bool


class SessionPerson(NamedTuple):
    """The person of a live session, and from when on their account requires a second factor of its people."""

    account_id: str
    email: str
    role: str
    epoch: int
    has_second_factor: bool
    mfa_requirement: str
    mfa_required_from: int | None

    @property
    def required_from(self) -> int | None:
        """From when on this person needs a second factor, in milliseconds."""
        return required_from(self.mfa_requirement, self.mfa_required_from, self.role)


class ConsoleSession(NamedTuple):
    """A live session of the console. Times in milliseconds; `digest` is that of the cookie's value.

    `amr` has the authentication methods (RFC 8176), separated by spaces.
    """

    id: str
    account_id: str
    user_id: str
    epoch: int
    digest: bytes
    last_used_at: int
    expires_at: int
    authenticated_at: int
    email: str
    role: str
    account_name: str
    amr: str
    time_zone: str | None
    has_second_factor: bool
    mfa_requirement: str
    mfa_required_from: int | None
    step_up_minutes: int | None

    @property
    def required_from(self) -> int | None:
        """From when on the person needs a second factor, in milliseconds; None if they need none or have used one."""
        if self.has_second_factor or is_multi_factor(self.amr.split()):
            return None
        return required_from(self.mfa_requirement, self.mfa_required_from, self.role)

    def is_recent(self, now: int) -> bool:
        """Whether the person was authenticated recently enough for a sensitive action; by a factor if they have one."""
        longest = longest_age(self.step_up_minutes, always=True)
        used_factor = not self.has_second_factor or is_multi_factor(self.amr.split())
        return used_factor and (longest is None or now - self.authenticated_at < longest)

    def seconds_left(self, now: int) -> int:
        """Until it ends if it is not used again; its last use is stored to the minute."""
        return max(0, min(IDLE_MS - TOUCH_MS, self.expires_at - now) // 1000)


class EndedSession(NamedTuple):
    """An ended console session, as shown to the holder of its cookie.

    `why` completes "You were signed out"; it is empty if the person signed out themselves.
    """

    id: str
    account_id: str
    user_id: str
    email: str
    why: str


class Place(NamedTuple):
    """The /24 of an IPv4 address or the /48 of an IPv6 one, and the kind of device.

    An address that cannot be read has no network, and is like no other.
    """

    source: str
    network: str | None
    user_agent: str
    device: str


class SessionIdentity(NamedTuple):
    """A session that was just started or refreshed, and its person.

    `amr` has the authentication methods (RFC 8176), separated by spaces. Times in milliseconds; the session ends at
    `ends_at` if it is not used again. `is_new_place` is of a session that was just started.
    """

    session_id: str
    account_id: str
    user_id: str
    email: str
    role: str
    epoch: int
    amr: str
    authenticated_at: int
    ends_at: int
    is_new_place: bool = False
