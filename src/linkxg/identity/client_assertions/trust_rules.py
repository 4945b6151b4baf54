"""The rules for what a client may trust: a workload is named exactly, never an issuer as a whole.

Everybody can get tokens of a public issuer such as that of GitHub Actions; what tells the workload of a company from
others is a claim that the issuer gives to that workload only.
"""

from collections.abc import Mapping

from linkxg.errors import InvalidRequest
from linkxg.identity.client_assertions.model import (
    MAX_AUDIENCE,
    MAX_CLAIM_NAME,
    MAX_CLAIM_VALUE,
    MAX_CLAIMS,
    JwksUri,
    Trust,
)
from linkxg.identity.federation.discovery import check_issuer
from linkxg.identity.federation.pinned_request import MAX_URL, split_url
from linkxg.identity.federation.provider_fault import ProviderFault

PINNING = ("sub", "repository", "repository_id", "project_path", "project_id")
"""Claims that name one workload or repository: of any issuer, of GitHub Actions, of GitLab."""
_WITHOUT_SLASH = frozenset(("https://token.actions.githubusercontent.com", "https://gitlab.com"))
"""Issuers that many workloads have, as they write themselves; the form with a slash is no issuer."""
_NOT_FREE = frozenset(("iss", "aud", "exp", "nbf", "iat", "jti"))


def check_trust(issuer: str, audience: str, claims: Mapping[str, str], *, own_issuer: str) -> Trust:
    """Raises InvalidRequest."""
    try:
        check_issuer(issuer)
    except ProviderFault:
        raise InvalidRequest(
            "The field issuer must be an https URL without query and fragment, exactly as the issuer writes it."
        ) from None
    if issuer.removesuffix("/") in _WITHOUT_SLASH and issuer.endswith("/"):
        raise InvalidRequest(f"The field issuer must be {issuer.removesuffix('/')}, without a slash at the end.")
    if issuer.removesuffix("/") == own_issuer.removesuffix("/"):
        raise InvalidRequest("The field issuer must be another service than this one.")
    if not _is_text(audience, MAX_AUDIENCE):
        raise InvalidRequest(f"The field audience must have 1 to {MAX_AUDIENCE} printable characters, and no asterisk.")
    if not 0 < len(claims) <= MAX_CLAIMS:
        raise InvalidRequest(f"The field claims must have 1 to {MAX_CLAIMS} claims.")
    for name, value in claims.items():
        if name in _NOT_FREE or not _is_text(name, MAX_CLAIM_NAME):
            raise InvalidRequest(f"The field claims must not name any of: {', '.join(sorted(_NOT_FREE))}.")
        if not _is_text(value, MAX_CLAIM_VALUE):
            raise InvalidRequest(
                "The field claims must have exact values of printable characters: there are no wildcards."
            )
    if claims.keys().isdisjoint(PINNING):
        raise InvalidRequest(
            f"The field claims must have one that names the workload: {', '.join(PINNING)}. Others, such as a branch, "
            "are the same for many workloads of the issuer."
        )
    return Trust(issuer, audience, dict(sorted(claims.items())))


def check_jwks_uri(uri: str) -> JwksUri:
    """Raises InvalidRequest."""
    try:
        split_url(uri)
    except ProviderFault:
        raise InvalidRequest(
            f"The field jwks_uri must be an https URL of at most {MAX_URL} characters, without credentials and "
            "fragment."
        ) from None
    return JwksUri(uri)


def _is_text(value: str, longest: int) -> bool:
    return 0 < len(value) <= longest and value.isprintable() and "*" not in value and value == value.strip()
