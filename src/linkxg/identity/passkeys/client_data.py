"""Client data: what the browser says of the page and the challenge (WebAuthn Level 3 §5.8.1)."""

from typing import NamedTuple

from linkxg.crypto.jwt import decode_b64url
from linkxg.http.strict_json import NotStrictJson, parse
from linkxg.identity.passkeys.model import MAX_CLIENT_DATA


class CeremonyFailed(ValueError):
    """The credential does not pass verification; the message is for the log."""


class ClientData(NamedTuple):
    raw: bytes
    challenge: bytes


def read_client_data(encoded: str) -> ClientData:
    """Raises CeremonyFailed. Kind and origin are checked with the rest of the credential, by the library."""
    if len(encoded) > MAX_CLIENT_DATA:
        raise CeremonyFailed("client data too long")
    raw = read_base64url(encoded)
    try:
        members = parse(raw.decode("utf-8", "strict"))
    except (UnicodeDecodeError, NotStrictJson) as error:
        raise CeremonyFailed("client data is not strict JSON") from error
    if not isinstance(members, dict) or not all(isinstance(members.get(one), str) for one in ("type", "origin")):
        raise CeremonyFailed("client data without type or origin")
    # Only pages of this site sign in here: not a page that another site has embedded.
    if members.get("crossOrigin", False) is not False or "topOrigin" in members:
        raise CeremonyFailed("from a page embedded in another site")
    challenge = members.get("challenge")
    if not isinstance(challenge, str):
        raise CeremonyFailed("client data without challenge")
    return ClientData(raw, read_base64url(challenge))


def read_base64url(encoded: str) -> bytes:
    """Raises CeremonyFailed for anything but canonical base64url."""
    raw = decode_b64url(encoded)
    if raw is None:
        raise CeremonyFailed("not base64url")
    return raw
