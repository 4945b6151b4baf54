"""Whether an ID token or UserInfo proves that the person has the address. What proves it depends on the provider."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from linkxg.identity.accounts.model import email_key, is_email
from linkxg.identity.federation.model import domain_of

_MICROSOFT = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)  # fmt: skip
_TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/v2\.0")
_CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal Microsoft accounts, in which anybody signs themselves up."""
_GOOGLE = "accounts.google.com"


def is_verified(issuer: str, claims: Mapping[str, Any], email: object) -> bool:
    """Whether the claims of this issuer prove the address.

    Entra ID has no `email_verified`, but the optional claim `xms_edov`, which no other issuer is believed. Google signs
    in people with any address that they have once confirmed: only `hd` says that their organisation is the domain's.
    """
    host = urlsplit(issuer).hostname
    if host in _MICROSOFT and "email_verified" not in claims:
        return _tenant_of(issuer) is not None and _is_true(claims.get("xms_edov"))
    if claims.get("email_verified") is not True:
        return False
    if host != _GOOGLE:
        return True
    organisation = claims.get("hd")
    return (
        isinstance(email, str) and is_email(email) and isinstance(organisation, str)
        and organisation.lower() == domain_of(email_key(email))
    )  # fmt: skip


def is_of_consumers(issuer: str) -> bool:
    """Whether anybody can sign themselves up there."""
    return _tenant_of(issuer) == _CONSUMERS


def _tenant_of(issuer: str) -> str | None:
    parts = urlsplit(issuer)
    found = _TENANT.fullmatch(parts.path.lower().removesuffix("/"))
    return found[1] if found and parts.hostname in _MICROSOFT else None


def _is_true(value: object) -> bool:
    """In one of the forms that Entra ID sends."""
    return value is True or (type(value) is int and value == 1) or (isinstance(value, str) and value in ("1", "true"))
