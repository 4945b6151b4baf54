"""The form of authenticator data, checked before the library reads it (WebAuthn Level 3 §6.1)."""

from linkxg.identity.passkeys.canonical_cbor import NotCanonicalCbor, end_of_item
from linkxg.identity.passkeys.client_data import CeremonyFailed

_FLAGS, _HEAD = 32, 37
"""The position of the flags, after the digest of the relying party's id; and the length with the counter."""
_ATTESTED, _EXTENSIONS = 0x40, 0x80
_AAGUID = 16


def check_authenticator_data(raw: bytes, *, attested: bool) -> None:
    """Raises CeremonyFailed unless it has this form, with attested credential data exactly if `attested`."""
    if len(raw) < _HEAD:
        raise CeremonyFailed("authenticator data too short")
    flags, end = raw[_FLAGS], _HEAD
    if bool(flags & _ATTESTED) != attested:
        raise CeremonyFailed("attested credential data missing or unexpected")
    try:
        if attested:
            key = end + _AAGUID + 2
            end = end_of_item(raw, key + int.from_bytes(raw[key - 2 : key]))
        if flags & _EXTENSIONS:
            end = end_of_item(raw, end)
    except NotCanonicalCbor as error:
        raise CeremonyFailed(f"authenticator data: {error}") from error
    if end != len(raw):
        raise CeremonyFailed("authenticator data too long")
