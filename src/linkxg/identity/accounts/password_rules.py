"""Password acceptance rules (NIST SP 800-63B-4 §3.1.1.2).

A minimum length, no composition rules, a blocklist of common passwords (zxcvbn's) and of words from the context
(product, account, e-mail).
"""

import re
from functools import cache
from itertools import pairwise

from linkxg.crypto.passwords import normalise
from linkxg.errors import ValidationFailed

MINIMUM = 12
MAXIMUM_BYTES = 1_024
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LEET = str.maketrans("013457@$!", "oleastasi")


def check_new_password(password: str, *context: str, field: str = "password") -> None:
    """Raises ValidationFailed with the reason; `context` is the account's name and the e-mail address.

    `field` is the member of the request that has the password.
    """
    if fault := _find_fault(password, context):
        code, message = fault
        raise ValidationFailed(message, details=[{"field": field, "code": code, "message": message}])


def _find_fault(password: str, context: tuple[str, ...]) -> tuple[str, str] | None:
    """(code, message) of the first rule that the password breaks."""
    text = normalise(password)
    if len(text) < MINIMUM:
        return "too_short", f"A password must have at least {MINIMUM} characters."
    if len(text.encode()) > MAXIMUM_BYTES:
        return "too_long", f"A password must have at most {MAXIMUM_BYTES} bytes."
    if _CONTROL.search(text):
        return "control_character", "A password must not contain control characters."
    lowered = text.lower()
    if len(set(lowered)) < 5 or lowered.isdigit() or _is_sequence(lowered):
        return "too_simple", "The password is a repetition or a sequence."
    if _is_common(lowered):
        return "too_common", "The password is on a list of common passwords."
    rest = lowered
    for word in sorted(_context_words(context), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < min(len(lowered), 8):
        return "too_close", "The password is derived from the name of the account, the person or the product."
    return None


def _is_common(lowered: str) -> bool:
    """Whether it is on the list, or a listed word with added digits and signs, or in leetspeak."""
    common = _common_passwords()
    core = _EDGES.sub("", lowered)
    half = lowered[: len(lowered) // 2]
    return any(form in common for form in (lowered, core, lowered.translate(_LEET), core.translate(_LEET))) or (
        half * 2 == lowered and half in common
    )


def _is_sequence(lowered: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(lowered)}
    return len(steps) == 1


def _context_words(context: tuple[str, ...]) -> set[str]:
    words = {"linkxg"}
    for text in context:
        # Also the whole local part of an address, if its parts are short: jo.li@example.com.
        name = text.lower().partition("@")[0]
        parts = re.split(r"[\W_]+", text.lower())
        words.update(word for word in (*parts, name, re.sub(r"[\W_]+", "", name)) if len(word) >= 4)
    return words


@cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 4)
