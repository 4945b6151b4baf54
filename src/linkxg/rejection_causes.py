"""The causes of rejected requests of OAuth clients, by which the console explains them."""

from enum import StrEnum


class Cause(StrEnum):
    """Why a client's request was rejected; visible to its account, never in the response."""

    WRONG_SECRET = "wrong_secret"  # noqa: S105  names of causes, not secrets
    MISTYPED_SECRET = "mistyped_secret"  # noqa: S105
    RETIRED_SECRET = "retired_secret"  # noqa: S105
    EXPIRED_SECRET = "expired_secret"  # noqa: S105
    CLIENT_DISABLED = "client_disabled"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    SCOPE_NOT_GRANTED = "scope_not_granted"
    SCOPE_NOT_IN_TOKEN = "scope_not_in_token"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    KEY_RETIRED = "key_retired"
    PROOF_INVALID = "proof_invalid"
    CERTIFICATE_MISMATCH = "certificate_mismatch"
    CERTIFICATE_MISSING = "certificate_missing"
    TOO_MANY_REQUESTS = "too_many_requests"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ASSERTION_MALFORMED = "assertion_malformed"
    ASSERTION_KEY_UNKNOWN = "assertion_key_unknown"
    ASSERTION_SIGNATURE = "assertion_signature"
    ASSERTION_CLAIMS = "assertion_claims"
    ASSERTION_AUDIENCE = "assertion_audience"
    ASSERTION_EXPIRED = "assertion_expired"
    ASSERTION_USED = "assertion_used"
    ISSUER_NOT_TRUSTED = "issuer_not_trusted"
    WORKLOAD_NOT_TRUSTED = "workload_not_trusted"
    KEYS_UNAVAILABLE = "keys_unavailable"
