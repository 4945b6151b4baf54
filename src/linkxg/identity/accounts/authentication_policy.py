"""What an account requires of the authentication of its people: a second factor, and a recent sign-in."""

from collections.abc import Iterable
from typing import Literal

from linkxg.clock import MINUTE
from linkxg.identity.accounts.roles import ADMINISTRATORS

Requirement = Literal["NONE", "ADMINISTRATORS", "EVERYBODY"]
RECENT_MS = 10 * MINUTE
"""How long an authentication permits actions that need a recent one in every account."""
MIN_STEP_UP_MINUTES, MAX_STEP_UP_MINUTES = 5, 1_440
MFA = "mfa"
"""The `amr` of several factors (RFC 8176), and the `acr_values` of a step-up that needs them."""
FEDERATED = "fed"
"""The `amr` of a sign-in by the identity provider of the account."""
_MULTI_FACTOR = frozenset({MFA, FEDERATED})


def required_from(requirement: str, since: int | None, role: str) -> int | None:
    """From when on, in milliseconds, people in this role need a second factor; None if they need none."""
    if requirement == "EVERYBODY" or (requirement == "ADMINISTRATORS" and role in ADMINISTRATORS):
        return since or 0
    return None


def longest_age(step_up_minutes: int | None, *, always: bool) -> int | None:
    """How old, in milliseconds, an authentication may be for a sensitive action; None if it may be of any age.

    `step_up_minutes` is what the account requires. Where a recent one is `always` required, the account may shorten the
    time, not extend it.
    """
    required = None if step_up_minutes is None else step_up_minutes * MINUTE
    if not always:
        return required
    return RECENT_MS if required is None else min(RECENT_MS, required)


def is_multi_factor(amr: Iterable[str]) -> bool:
    """Whether these methods (RFC 8176) meet the requirement.

    With `fed` an identity provider of the account has authenticated the person, by the account's own policy there.
    """
    return not _MULTI_FACTOR.isdisjoint(amr)
