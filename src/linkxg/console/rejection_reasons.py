"""Explains why requests were rejected, with remedies."""

from typing import NamedTuple

from linkxg.console.formatting import clock, count
from linkxg.identity.clients.authentication_methods import METHODS
from linkxg.identity.clients.model import Client
from linkxg.identity.clients.rejections.model import Rejection
from linkxg.rejection_causes import Cause


class RejectionReason(NamedTuple):
    """What happened and what to do; neither holds a secret."""

    happened: str
    remedy: str


_TEXTS: dict[Cause, RejectionReason] = {
    Cause.WRONG_SECRET: RejectionReason(
        "Wrong secret: well-formed, but never a secret of this client.",
        "Compare the client id: the secret probably belongs to another client.",
    ),
    Cause.MISTYPED_SECRET: RejectionReason(
        "Mistyped secret: its checksum does not match.",
        "It was truncated, or copied with quotes or a space. Copy it again from where it is stored, or rotate.",
    ),
    Cause.RETIRED_SECRET: RejectionReason(
        "Retired secret: it was replaced by a rotation or removed.",
        "Deploy the new secret to the system that sent this.",
    ),
    Cause.EXPIRED_SECRET: RejectionReason(
        "Expired secret.", "Rotate the secret and deploy the new one to the system that sent this."
    ),
    Cause.CLIENT_DISABLED: RejectionReason("The client is disabled.", "Enable it on its page if it should work again."),
    Cause.ADDRESS_NOT_ALLOWED: RejectionReason(
        "The address is outside the ranges allowed for this client.",
        "Add the address to the client's ranges, or find out who called from it.",
    ),
    Cause.SCOPE_NOT_GRANTED: RejectionReason(
        "The token request named a scope that the client was not granted.",
        "Grant the scope on the client's page, or request fewer scopes.",
    ),
    Cause.SCOPE_NOT_IN_TOKEN: RejectionReason(
        "The call needed a scope that its token does not have.",
        "Grant the scope to the client and name it in the token request.",
    ),
    Cause.TOKEN_EXPIRED: RejectionReason(
        "The token had expired: tokens are valid for 15 minutes.", "Request a new token before the old one expires."
    ),
    Cause.TOKEN_REVOKED: RejectionReason(
        "The token was revoked, directly or by a change of the client.", "Request a new token."
    ),
    Cause.KEY_RETIRED: RejectionReason(
        "The token was signed with a key that has been retired.", "Request a new token."
    ),
    Cause.PROOF_INVALID: RejectionReason(
        "A DPoP proof was missing, invalid or by another key.",
        "If the client did not send this, its token was stolen. Otherwise the response says what is wrong.",
    ),
    Cause.CERTIFICATE_MISMATCH: RejectionReason(
        "The connection had no client certificate, or another one than it needs.",
        "Compare it with those under Authentication; if the client did not send this, its token was stolen.",
    ),
    Cause.CERTIFICATE_MISSING: RejectionReason(
        "No valid client certificate arrived on the connection, and the request had no secret and no assertion.",
        "Send it to the address for mutual TLS (mtls_endpoint_aliases of the metadata), with a certificate that has "
        "not expired.",
    ),
    Cause.METHOD_NOT_ALLOWED: RejectionReason(
        "The client authenticated by a method that it may not use.",
        "Allow the method under Authentication, or find out which system still uses it.",
    ),
    Cause.TOO_MANY_REQUESTS: RejectionReason(
        "Too many token requests or failed attempts.",
        "Reuse a token for its 15 minutes instead of requesting one each time.",
    ),
    Cause.ASSERTION_MALFORMED: RejectionReason(
        "The assertion is not a JWT that is accepted: its algorithm, its type, its header or its size.",
        "Sign with RS256, PS256, ES256 or EdDSA, never HS256 (client_secret_jwt), and without critical headers.",
    ),
    Cause.ASSERTION_KEY_UNKNOWN: RejectionReason(
        "The assertion names a key (kid) that is not registered, or was removed.",
        "Register the public key on the client's page, or publish it in the key set.",
    ),
    Cause.ASSERTION_SIGNATURE: RejectionReason(
        "The signature of the assertion is not valid for the key that it names.",
        "Sign with the private key that belongs to the registered public key.",
    ),
    Cause.ASSERTION_CLAIMS: RejectionReason(
        "The assertion lacks a claim, or has a wrong one.",
        "Set iss and sub to the client id, a new jti each time, and exp to a few minutes ahead.",
    ),
    Cause.ASSERTION_AUDIENCE: RejectionReason(
        "The assertion is for another audience.",
        "Set aud to the issuer of this service, as one text; in the token of a workload, to the audience of its trust.",
    ),
    Cause.ASSERTION_EXPIRED: RejectionReason(
        "The assertion has expired, is not valid yet, or is valid for too long.",
        "Check the clock of the client. An assertion of its own ends within 10 minutes, that of a workload in an hour.",
    ),
    Cause.ASSERTION_USED: RejectionReason(
        "The assertion was used before.", "Make a new one for each request. If nobody repeated it, it was intercepted."
    ),
    Cause.ISSUER_NOT_TRUSTED: RejectionReason(
        "The token is of an issuer that the client does not trust.",
        "Add the workload on the client's page, with the issuer exactly as the token has it.",
    ),
    Cause.WORKLOAD_NOT_TRUSTED: RejectionReason(
        "The token is of a trusted issuer, but its claims are not those of a trusted workload.",
        "Compare the claims on the client's page with those of the token, letter by letter.",
    ),
    Cause.KEYS_UNAVAILABLE: RejectionReason(
        "The keys could not be read: the issuer or the JWKS URI did not answer, or not with a key set.",
        "Open the address yourself. It is asked again after a minute; redirects are not followed.",
    ),
}
_LEAKED = RejectionReason(
    "Leaked secret.",
    "It was found in public, so this may be a stranger: check the address. If it is a system of yours, give it a new "
    "secret, and remove the old one from where it was found.",
)
LABELS = {
    Cause.WRONG_SECRET: "wrong secret",
    Cause.MISTYPED_SECRET: "secret mistyped (checksum)",
    Cause.RETIRED_SECRET: "retired secret",
    Cause.EXPIRED_SECRET: "expired secret",
    Cause.CLIENT_DISABLED: "client disabled",
    Cause.ADDRESS_NOT_ALLOWED: "address not allowed",
    Cause.SCOPE_NOT_GRANTED: "scope not granted",
    Cause.SCOPE_NOT_IN_TOKEN: "scope not in token",
    Cause.TOKEN_EXPIRED: "token expired",
    Cause.TOKEN_REVOKED: "token revoked",
    Cause.KEY_RETIRED: "key retired",
    Cause.PROOF_INVALID: "invalid DPoP proof",
    Cause.CERTIFICATE_MISMATCH: "wrong certificate",
    Cause.CERTIFICATE_MISSING: "no certificate",
    Cause.METHOD_NOT_ALLOWED: "method not allowed",
    Cause.TOO_MANY_REQUESTS: "too many requests",
    Cause.ASSERTION_MALFORMED: "assertion malformed",
    Cause.ASSERTION_KEY_UNKNOWN: "assertion: unknown key",
    Cause.ASSERTION_SIGNATURE: "assertion: wrong signature",
    Cause.ASSERTION_CLAIMS: "assertion: wrong claims",
    Cause.ASSERTION_AUDIENCE: "assertion: wrong audience",
    Cause.ASSERTION_EXPIRED: "assertion expired",
    Cause.ASSERTION_USED: "assertion used before",
    Cause.ISSUER_NOT_TRUSTED: "issuer not trusted",
    Cause.WORKLOAD_NOT_TRUSTED: "workload not trusted",
    Cause.KEYS_UNAVAILABLE: "keys out of reach",
}


_TIMES = {
    "expired": "The assertion had expired {} before.",
    "ahead": "The assertion is not valid yet: its iat or nbf is {} ahead.",
    "long": "The assertion is valid for too long: its exp is {} ahead.",
}


def _describe_time(concerns: str) -> str:
    """Of `expired 631`, in seconds, as the check of the claims notes it."""
    how, _, seconds = concerns.partition(" ")
    minutes = round(int(seconds) / 60)
    return _TIMES[how].format(count(minutes, "minute") if minutes >= 2 else count(int(seconds), "second"))


def explain(refused: Rejection, client: Client | None) -> RejectionReason:
    """The reason, with details of the secret or scope that it concerns."""
    cause = Cause(refused.cause)
    general = _TEXTS[cause]
    if cause in (Cause.RETIRED_SECRET, Cause.EXPIRED_SECRET) and client is not None:
        secret = next((known for known in client.secrets if known.id == refused.concerns), None)
        if secret is not None and secret.revoked_at is not None:
            if secret.leak_url is not None:
                return _LEAKED._replace(happened=f"Leaked secret {secret.hint}: revoked on {clock(secret.revoked_at)}.")
            return general._replace(happened=f"Retired secret {secret.hint}: replaced on {clock(secret.revoked_at)}.")
        if secret is not None and secret.expires_at is not None:
            return general._replace(happened=f"Secret {secret.hint}: it ended on {clock(secret.expires_at)}.")
    if cause is Cause.METHOD_NOT_ALLOWED and refused.concerns in METHODS:
        return general._replace(happened=f"The client authenticated by {refused.concerns}, which it may not use.")
    if cause is Cause.ASSERTION_EXPIRED and refused.concerns:
        return general._replace(happened=_describe_time(refused.concerns))
    if cause is Cause.SCOPE_NOT_IN_TOKEN and refused.concerns:
        return general._replace(happened=f"The call needed {refused.concerns}, which its token does not have.")
    if cause is Cause.SCOPE_NOT_GRANTED and refused.concerns:
        return general._replace(happened=f"The token request named {refused.concerns}, which is not granted.")
    return general
