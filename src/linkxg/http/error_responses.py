"""Error responses (RFC 9457) and challenges (RFC 6749 §5.2, RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3,
RFC 9728 §5.1).

One flat JSON object everywhere, which is also a problem of RFC 9457 for clients that ask for one. 401 and 403 carry
their challenge. An unexpected fault shows nothing but the request id.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar.exceptions import HTTPException

from linkxg.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidClient,
    InvalidCredentials,
    InvalidToken,
    MethodNotAllowed,
    MfaRequired,
    MissingToken,
    ProofRequired,
    PublicError,
    RejectedDpopProof,
    RequiredDpopNonce,
)
from linkxg.http.logs import log
from linkxg.http.request_context import JSON_TYPE, Headers, RawResponse, RequestContext
from linkxg.runtime.frames import frames_of

REALM = "linkxg"
DPOP_ALGORITHMS = ("ES256", "EdDSA", "RS256", "PS256")
"""Of proofs (RFC 9449 §5.1): asymmetric ones only."""
PROBLEM_TYPE = (b"content-type", b"application/problem+json")
SCIM_TYPE = (b"content-type", b"application/scim+json")
_SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

_EPCIS_EXCEPTIONS = {
    400: "ValidationException",
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchResourceException",
    406: "NotAcceptableException",
    409: "ResourceAlreadyExistsException",
    413: "CaptureLimitExceededException",
    414: "URITooLongException",
    415: "UnsupportedMediaTypeException",
    422: "ValidationException",
}


class ErrorResponses:
    """Builds error responses; the Bearer challenge has the path `resource_metadata` of `public_url`."""

    def __init__(self, public_url: str, resource_metadata: str) -> None:
        self._public_url = public_url
        fields = f'realm="{REALM}", resource_metadata="{public_url}{resource_metadata}"'
        self._bearer = f"Bearer {fields}"
        self._dpop = f'DPoP {fields}, algs="{" ".join(DPOP_ALGORITHMS)}"'

    def reply(self, error: PublicError, context: RequestContext) -> RawResponse:
        notes = context.notes
        notes["error"] = error.code
        if error.reason:
            notes["reason"] = error.reason
        body: dict[str, Any] = error.body()
        media_type = JSON_TYPE
        if context.scim_errors:
            media_type, body = SCIM_TYPE, _scim_body(error)
        elif not context.flat_errors:
            body = {"success": False, **body, "requestId": context.request_id}
            if context.epcis_errors or _wants_problem(context):
                kind = (
                    epcis_exception(error, context.method)
                    if context.epcis_errors
                    else f"{self._public_url}/errors/{error.code}"
                )
                media_type = PROBLEM_TYPE
                body = {**_problem(error, kind), **body}
        headers: Headers = [media_type, *((k.lower().encode(), v.encode()) for k, v in error.headers.items())]
        challenge = _scim_challenge(error) if context.scim_errors else self._challenge(error)
        if challenge:
            headers.append((b"www-authenticate", challenge.encode()))
        if error.retry_after is not None:
            headers.append((b"retry-after", str(error.retry_after).encode()))
        return RawResponse(error.status, msgspec.json.encode(body), headers)

    def unexpected(self, fault: Exception, context: RequestContext) -> RawResponse:
        """500. Only the type and the frames are logged: a fault's message may quote what the caller sent."""
        log.error(
            "fault",
            request_id=context.request_id,
            fault=type(fault).__name__,
            frames=frames_of(fault),
        )
        return self.reply(PublicError(reason=type(fault).__name__), context)

    def _challenge(self, error: PublicError) -> str | None:
        if isinstance(error, InvalidClient):
            return f'Basic realm="{REALM}", charset="UTF-8"'
        if isinstance(error, MissingToken | InvalidCredentials | MfaRequired):
            return self._bearer
        if isinstance(error, ProofRequired | RejectedDpopProof | RequiredDpopNonce):
            return f'{self._dpop}, error="{error.code}", error_description="{error.description}"'
        if isinstance(error, InvalidToken):
            return f'{self._bearer}, error="{error.code}", error_description="{error.description}"'
        if isinstance(error, InsufficientUserAuthentication):
            acr = "" if error.acr is None else f', acr_values="{error.acr}"'
            described = f'error="{error.code}", error_description="{error.description}"'
            return f'{self._bearer}, {described}, max_age="{error.max_age}"{acr}'
        if isinstance(error, InsufficientScope):
            return (
                f'{self._bearer}, error="{error.code}", error_description="{error.description}", scope="{error.scope}"'
            )
        return None


def _problem(error: PublicError, kind: str) -> dict[str, Any]:
    """The members of RFC 9457 §3.1; `kind` is the type of the problem."""
    return {"type": kind, "title": error.text, "status": error.status, "detail": error.description}


def epcis_exception(error: PublicError | type[PublicError], method: str) -> str:
    """The type of the problem in EPCIS 2.0; an error of which the standard knows nothing is of the implementation."""
    name = error.epcis_exception or _EPCIS_EXCEPTIONS.get(error.status, "ImplementationException")
    if method in ("GET", "HEAD") and name == _EPCIS_EXCEPTIONS[HTTPStatus.BAD_REQUEST]:
        name = "QueryParameterException"
    return f"epcisException:{name}"


def _scim_body(error: PublicError) -> dict[str, Any]:
    """RFC 7644 §3.12, where the status is a string."""
    kind = error.scim_type or ("invalidSyntax" if error.status == HTTPStatus.BAD_REQUEST else None)
    body: dict[str, Any] = {"schemas": [_SCIM_ERROR], "status": str(error.status), "detail": error.description}
    return body if kind is None else {**body, "scimType": kind}


def _scim_challenge(error: PublicError) -> str | None:
    """Without the metadata of the API, whose tokens open nothing here."""
    if not isinstance(error, InvalidToken):
        return None
    challenge = f'Bearer realm="{REALM}"'
    if isinstance(error, MissingToken):
        return challenge
    return f'{challenge}, error="{error.code}", error_description="{error.description}"'


def method_not_allowed(error: HTTPException, context: RequestContext) -> MethodNotAllowed:
    """The router's 405; its `Allow` lists OPTIONS, and lacks the HEAD that every GET answers."""
    listed = (error.headers or {}).get("allow", "").split(", ")
    methods = [method for method in listed if method != "OPTIONS" or context.epcis_errors]
    return MethodNotAllowed(headers={"Allow": ", ".join(methods + ["HEAD"] * ("GET" in methods))})


def _wants_problem(context: RequestContext) -> bool:
    """Whether `Accept` names the media type of RFC 9457; a range such as `*/*` does not."""
    return any(name == b"accept" and PROBLEM_TYPE[1] in value.lower() for name, value in context.headers)
