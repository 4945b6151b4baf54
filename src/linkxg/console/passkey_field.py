"""The field that the script of passkeys fills in."""

import msgspec

from linkxg.errors import InvalidCredentials
from linkxg.identity.passkeys.model import AssertionCredential
from linkxg.identity.passkeys.sign_in import REFUSED

CREDENTIAL = "credential"


def read_assertion(written: str) -> AssertionCredential:
    """Raises InvalidCredentials."""
    try:
        return msgspec.json.decode(written, type=AssertionCredential)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise InvalidCredentials(REFUSED, reason="no credential") from None
