"""The bound of a password that is to be verified: hashing a longer one would cost work for nothing."""

from linkxg.errors import InvalidRequest
from linkxg.identity.accounts.password_rules import MAXIMUM_BYTES


def is_too_long(password: str) -> bool:
    return len(password.encode()) > MAXIMUM_BYTES


def check_password_size(password: str) -> None:
    """Raises InvalidRequest."""
    if is_too_long(password):
        raise InvalidRequest(f"A password must have at most {MAXIMUM_BYTES} bytes.")
