"""The catalogue of public errors, each with its code, HTTP status and text.

Verbs raise them, and `http` turns them into responses. Codes follow RFC 6749 §5.2, RFC 6750 §3.1 and the guide.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from linkxg.rejection_causes import Cause


class OperatorError(Exception):
    """A failure that an operator can fix; a command prints its message and exits."""

    exit_code: ClassVar[int] = 1


class PublicError(Exception):
    """An error that is reported to the caller.

    `description` is ASCII without quotes, backslashes or control characters (RFC 6749 §5.2); `retry_after` is in
    seconds. `reason` is only logged; `cause` and `concerns` (the id of a secret, a scope) are shown to the client's
    account.
    """

    code: ClassVar[str] = "server_error"
    status: ClassVar[int] = 500
    text: ClassVar[str] = "The request could not be completed."
    meaning: ClassVar[str] = "An unexpected fault; look up the request id in the log."
    example: ClassVar[dict[str, Any]] = {}
    """Members that only bodies of this error have."""
    scim_type: ClassVar[str] = ""
    """The `scimType` of RFC 7644 §3.12, in answers of SCIM."""
    epcis_exception: ClassVar[str] = ""
    """The exception of EPCIS 2.0, in its answers; without one it follows from the status."""

    def __init__(
        self,
        description: str | None = None,
        *,
        reason: str | None = None,
        details: list[dict[str, str]] | None = None,
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
        cause: Cause | None = None,
        concerns: str = "",
    ) -> None:
        self.description = description or self.text
        self.reason = reason
        self.cause = cause
        self.concerns = concerns
        self.details = details
        self.retry_after = retry_after
        self.headers = headers or {}
        super().__init__(self.code, self.description, reason)

    def body(self) -> dict[str, Any]:
        """The JSON object of the response."""
        body: dict[str, Any] = {"error": self.code, "error_description": self.description}
        if self.details:
            body["details"] = self.details
        return body


class InvalidRequest(PublicError):
    code, status = "invalid_request", 400
    text = "The request is malformed."
    meaning = "A missing or repeated field, a wrong media type, an invalid encoding."


class UnsupportedGrantType(PublicError):
    code, status = "unsupported_grant_type", 400
    text = "This grant type is not supported."
    meaning = "`grant_type` is not `client_credentials`."


class UnauthorizedClient(PublicError):
    code, status = "unauthorized_client", 400
    text = "This client may not use this grant type."
    meaning = "A resource server gets no tokens of its own: request them with another client."


class InvalidTarget(PublicError):
    code, status = "invalid_target", 400
    text = "The requested resource is unknown. Send one resource of your account."
    meaning = "`resource` (RFC 8707) names no enabled resource server of the account, or there are several."


class InvalidScope(PublicError):
    code, status = "invalid_scope", 400
    text = "A requested scope is unknown, malformed or not granted to this client."
    meaning = "The whole request is rejected: scopes are never reduced silently."


class InvalidCursor(PublicError):
    code, status = "invalid_cursor", 400
    text = "The cursor is malformed or belongs to another query."
    meaning = "Start again from the first page."


class InvalidClient(PublicError):
    code, status = "invalid_client", 401
    text = "Client authentication failed"
    meaning = (
        "Missing or malformed credentials, unknown or disabled client, wrong or expired secret or assertion, method or "
        "address not allowed."
    )


class InvalidCredentials(PublicError):
    code, status = "invalid_credentials", 401
    text = "E-mail or password is incorrect."
    meaning = "The same text for every cause of a failed sign-in."


class MfaRequired(PublicError):
    code, status = "mfa_required", 401
    text = "A second factor is required."
    meaning = "The password is correct. Complete the sign-in with `mfaToken` and one of `methods` at `POST /auth/mfa`."
    example: ClassVar[dict[str, Any]] = {"mfaToken": "lxgmfa_...", "methods": ["totp", "recovery_code"]}

    def __init__(self, mfa_token: str = "", methods: Iterable[str] = ()) -> None:
        super().__init__()
        self.mfa_token = mfa_token
        self.methods = list(methods)

    def body(self) -> dict[str, Any]:
        return {**super().body(), "mfaToken": self.mfa_token, "methods": self.methods}


class MfaEnrollmentRequired(MfaRequired):
    code, status = "mfa_enrollment_required", 401
    text = "The account requires a second factor, and none is set up."
    example: ClassVar[dict[str, Any]] = {"mfaToken": "lxgmfa_...", "methods": ["totp", "passkey"]}
    meaning = "The password is correct. Set up one of `methods` with `mfaToken` at `POST /auth/mfa/enrollment…`."


class InsufficientUserAuthentication(PublicError):
    code, status = "insufficient_user_authentication", 401
    text = "This needs a more recent sign-in. Authenticate again with POST /auth/step-up."
    meaning = "The challenge has the greatest age in seconds (`max_age`, RFC 9470); use the new token of the step-up."

    def __init__(self, max_age: int, acr: str | None = None) -> None:
        super().__init__()
        self.max_age = max_age
        self.acr = acr


class InvalidToken(PublicError):
    code, status = "invalid_token", 401
    text = "The token is expired, malformed or revoked."
    meaning = "Access or refresh token; fetch a new one and repeat the request."


class MissingToken(InvalidToken):
    """No credentials: the challenge has no error code (RFC 6750 §3.1)."""

    text = "An access token is required."


class InvalidDpopProof(PublicError):
    code, status = "invalid_dpop_proof", 400
    text = "The DPoP proof is missing or invalid."
    meaning = "The description names the fault (RFC 9449). 400 at the token endpoint, 401 with a challenge elsewhere."


class RejectedDpopProof(InvalidDpopProof):
    """The proof of a request to a protected resource (RFC 9449 §7.1)."""

    status = 401


class UseDpopNonce(PublicError):
    code, status = "use_dpop_nonce", 400
    text = "The DPoP proof needs a current nonce of this server: that of the DPoP-Nonce header."
    meaning = (
        "Send the request again with a new proof that has this `nonce` (RFC 9449 §8). 401 outside OAuth endpoints."
    )


class RequiredDpopNonce(UseDpopNonce):
    """The same of a protected resource (RFC 9449 §9)."""

    status = 401


class ProofRequired(InvalidToken):
    """The token is bound to a key, or the scheme DPoP was used for one that is not (RFC 9449 §7.1)."""

    text = "The token is bound to a key: send it with the scheme DPoP and a proof."


class CertificateRequired(InvalidToken):
    """The token is bound to another certificate than that of the connection (RFC 8705 §3)."""

    text = "The token is bound to a client certificate: use it on connections with this certificate."


class InsufficientScope(PublicError):
    code, status = "insufficient_scope", 403
    text = "The token does not have the required scope."
    meaning = "The missing scope is named in the challenge and the description."

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"The token does not have the required scope {scope}.", cause=Cause.SCOPE_NOT_IN_TOKEN, concerns=scope
        )
        self.scope = scope


class AccessDenied(PublicError):
    code, status = "access_denied", 403
    text = "Your role does not permit this."
    meaning = "The role is insufficient. As the `error` of an import: its caller has lost the right to import."


class UnsignedReport(PublicError):
    code, status = "invalid_signature", 403
    text = "The signature of the request is missing or not valid."
    meaning = "Of a report of leaked credentials: no key of a secret scanner that the operator trusts made it."


class SignUpDisabled(PublicError):
    code, status = "sign_up_disabled", 403
    text = "This server does not create accounts over the network. Ask its operator for an account."
    meaning = "`LINKXG_SIGN_UP` does not permit it; the description says who creates accounts on this server."


class NotFound(PublicError):
    code, status = "not_found", 404
    text = "This resource does not exist."
    meaning = "Also for the resources of other accounts, and for links that are wrong, used, replaced or expired."


class MethodNotAllowed(PublicError):
    code, status = "method_not_allowed", 405
    text = "This resource does not support this method."
    meaning = "`Allow` lists the methods that it does support."


class NotAcceptable(PublicError):
    code, status = "not_acceptable", 406
    text = "The requested format or version is not supported."
    meaning = "For EPCIS: a version or media type that this service does not speak; `OPTIONS` lists those it does."


class Conflict(PublicError):
    code, status = "conflict", 409
    text = "The request conflicts with the current state."
    meaning = "For example removing the last Owner or the last live secret, or an e-mail address already in use."


class DuplicateSku(PublicError):
    code, status = "duplicate_sku", 409
    text = "Another product of this account has this SKU."
    meaning = "SKUs are unique within an account."


class DuplicateGtin(PublicError):
    code, status = "duplicate_gtin", 409
    text = "Another product of this account has this GTIN."
    meaning = "GTINs are unique within an account."


class ConnectionExists(PublicError):
    code, status = "connection_exists", 409
    text = "There is already a connection or an invitation with this partner."
    meaning = "Only for what you can see: a connection, an invitation of yours, or one that waits for your answer."


class InvalidState(PublicError):
    code, status = "invalid_state", 409
    text = "This is not possible in the current state."
    meaning = "For example changing an archived product, or withdrawing a draft."


class NoDraft(PublicError):
    code, status = "no_draft", 409
    text = "There is no draft to publish."
    meaning = "There is nothing to publish; change the product first."


class Gone(PublicError):
    code, status = "gone", 410
    text = "This is no longer available."
    meaning = (
        "The position of a feed's cursor has been deleted: read the shared products again, then the feed from its end."
    )


class PreconditionFailed(PublicError):
    code, status = "precondition_failed", 412
    text = "The resource has changed since it was read."
    meaning = "`If-Match` names an older ETag; read again."


class PayloadTooLarge(PublicError):
    code, status = "payload_too_large", 413
    text = "The request body is too large."
    meaning = (
        "4 KiB for JSON bodies and forms without a token or session, 16 KiB for OAuth forms, 256 KiB for other "
        "JSON bodies, 1 MiB for reports of leaked credentials, 100 MB for import files."
    )


class UnsupportedMediaType(PublicError):
    code, status = "unsupported_media_type", 415
    text = "Send the body as application/json."
    meaning = "Most endpoints accept only JSON, imports also files; send forms without a `Content-Encoding`."


class ValidationFailed(PublicError):
    code, status = "validation_failed", 422
    text = "A field is missing or invalid."
    meaning = "`details` names each field, a code and a message."


class IdempotencyKeyReused(PublicError):
    code, status = "idempotency_key_reused", 422
    text = "This Idempotency-Key was used for another request."
    meaning = "A key belongs to one request; a retry must be identical."


class RateLimitExceeded(PublicError):
    code, status = "rate_limit_exceeded", 429
    text = "Too many requests. Wait before trying again."
    meaning = "`Retry-After` says how many seconds to wait; `RateLimit-Policy` and `RateLimit` name the budget."


class HeaderFieldsTooLarge(PublicError):
    code, status = "header_fields_too_large", 431
    text = "The header fields are too large."
    meaning = "At most 200 header fields and 32 KiB of header and trailer fields; shorten them or the address."


class TransferCodingNotImplemented(PublicError):
    code, status = "not_implemented", 501
    text = "This service supports only the transfer coding chunked."
    meaning = "A `Transfer-Encoding` other than `chunked`, or a part of EPCIS that is not supported; the text names it."


class TemporarilyUnavailable(PublicError):
    code, status = "temporarily_unavailable", 503
    text = "The service is temporarily unavailable. Try again shortly."
    meaning = "The database is unreachable, or too much work is queued; retry with the same Idempotency-Key."

    def __init__(self, reason: str, retry_after: int = 1) -> None:
        super().__init__(reason=reason, retry_after=retry_after)
