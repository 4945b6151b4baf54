"""Recognises what somebody pasted where a key or a certificate belongs, so that a refusal can say what to do."""

import base64
import re
from enum import Enum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from linkxg.crypto.jwk import PRIVATE_MEMBERS
from linkxg.http import strict_json

_PRIVATE_MEMBER = re.compile(rf'"(?:{"|".join(sorted(PRIVATE_MEMBERS))})"\s*:')
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{40,}={0,2}\s*")
_SSH = ("ssh-", "ecdsa-sha2-", "sk-ssh-", "---- BEGIN SSH2")
REPLACE_PAIR = "and replace this pair: a private key that was sent somewhere is not private any more."
"""The end of each sentence about a private key."""


class Pasted(Enum):
    PRIVATE_KEY = "a private key"
    CHAIN = "several certificates"
    CERTIFICATE = "a certificate"
    CERTIFICATE_REQUEST = "a certificate request"
    PUBLIC_KEY = "a public key"
    KEY_SET = "a key set"
    SSH_KEY = "a key of SSH"
    BASE64 = "base64 without the lines of PEM"
    UNKNOWN = ""


def recognise(text: str) -> Pasted:
    """What the text seems to be; nothing of it is verified."""
    text = text.strip()
    if holds_private_key(text):
        return Pasted.PRIVATE_KEY
    if (certificates := text.count("-----BEGIN CERTIFICATE-----")) > 0:
        return Pasted.CHAIN if certificates > 1 else Pasted.CERTIFICATE
    if "CERTIFICATE REQUEST-----" in text:
        return Pasted.CERTIFICATE_REQUEST
    if "PUBLIC KEY-----" in text:
        return Pasted.PUBLIC_KEY
    if text.startswith(_SSH):
        return Pasted.SSH_KEY
    if text.startswith(("{", "[")):
        return _of_json(text)
    return Pasted.BASE64 if _BASE64.fullmatch(text) else Pasted.UNKNOWN


def holds_private_key(text: str) -> bool:
    """Whether a pasted text seems to have a private part, in whatever document: it is not to be shown again."""
    return "PRIVATE KEY" in text or _PRIVATE_MEMBER.search(text) is not None or _is_private_der(text)


def _is_private_der(text: str) -> bool:
    """Whether the text is the base64 of a private key, as PEM without its lines."""
    if not _BASE64.fullmatch(text.strip()):
        return False
    try:
        load_der_private_key(base64.b64decode("".join(text.split())), None)
    except TypeError:
        # It is encrypted.
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _of_json(text: str) -> Pasted:
    try:
        value = strict_json.parse(text)
    except ValueError:
        return Pasted.UNKNOWN
    if isinstance(value, list) or "keys" in value:
        return Pasted.KEY_SET
    return Pasted.PUBLIC_KEY if "kty" in value else Pasted.UNKNOWN
