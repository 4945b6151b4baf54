"""What the script of passkeys is given, and the field that it fills in."""

import msgspec

from linkxg.errors import InvalidCredentials
from linkxg.identity.passkeys.model import AssertionCredential, AttestationCredential
from linkxg.identity.passkeys.use_passkey import PASSKEY_REFUSED

CREDENTIAL = "credential"
NO_PASSKEY = "Your browser sent no passkey. Allow scripts for this site and try again."


def write_options(public_key: object) -> str:
    """The options of a ceremony, as the script reads them."""
    return msgspec.json.encode(public_key).decode()


def read_assertion(written: str) -> AssertionCredential:
    """Raises InvalidCredentials."""
    try:
        return msgspec.json.decode(written, type=AssertionCredential)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise InvalidCredentials(PASSKEY_REFUSED, reason="no credential") from None


def read_attestation(written: str) -> AttestationCredential:
    """Raises InvalidCredentials."""
    try:
        return msgspec.json.decode(written, type=AttestationCredential)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise InvalidCredentials(NO_PASSKEY, reason="no credential") from None
