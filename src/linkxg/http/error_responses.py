"""Error responses (RFC 9457) and challenges (RFC 6749 §5.2, RFC 6750 §3, RFC 9470 §3, RFC 9728 §5.1).

One flat JSON object everywhere, which is also a problem of RFC 9457 for clients that ask for one. 401 and 403 carry
their challenge. An unexpected fault shows nothing but the request id.
"""

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
    PublicError,
)
from linkxg.http.logs import log
from linkxg.http.request_context import JSON_TYPE, Headers, RawResponse, RequestContext
from linkxg.runtime.frames import frames_of

REALM = "linkxg"
PROBLEM_TYPE = (b"content-type", b"application/problem+json")


class ErrorResponses:
    """Builds error responses; the Bearer challenge has the path `resource_metadata` of `public_url`."""

    def __init__(self, public_url: str, resource_metadata: str) -> None:
        self._public_url = public_url
        self._bearer = f'Bearer realm="{REALM}", resource_metadata="{public_url}{resource_metadata}"'

    def reply(self, error: PublicError, context: RequestContext) -> RawResponse:
        notes = context.notes
        notes["error"] = error.code
        if error.reason:
            notes["reason"] = error.reason
        body: dict[str, Any] = error.body()
        media_type = JSON_TYPE
        if not context.flat_errors:
            body = {"success": False, **body, "requestId": context.request_id}
            if _wants_problem(context):
                media_type = PROBLEM_TYPE
                body = {**self._problem(error), **body}
        headers: Headers = [media_type, *((k.lower().encode(), v.encode()) for k, v in error.headers.items())]
        challenge = self._challenge(error)
        if challenge:
            headers.append((b"www-authenticate", challenge.encode()))
        if error.retry_after is not None:
            headers.append((b"retry-after", str(error.retry_after).encode()))
        return RawResponse(error.status, msgspec.json.encode(body), headers)

    def _problem(self, error: PublicError) -> dict[str, Any]:
        """The members of RFC 9457 §3.1."""
        return {
            "type": f"{self._public_url}/errors/{error.code}",
            "title": error.text,
            "status": error.status,
            "detail": error.description,
        }

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


def method_not_allowed(error: HTTPException) -> MethodNotAllowed:
    """The router's 405; its `Allow` lists OPTIONS, and lacks the HEAD that every GET answers."""
    listed = (error.headers or {}).get("allow", "").split(", ")
    methods = [method for method in listed if method != "OPTIONS"]
    return MethodNotAllowed(headers={"Allow": ", ".join(methods + ["HEAD"] * ("GET" in methods))})


def _wants_problem(context: RequestContext) -> bool:
    """Whether `Accept` names the media type of RFC 9457; a range such as `*/*` does not."""
    return any(name == b"accept" and PROBLEM_TYPE[1] in value.lower() for name, value in context.headers)
