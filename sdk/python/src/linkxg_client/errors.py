"""Exceptions. Those of an answer carry its error code, description and request id; none carries a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, ClassVar, cast

import httpx

from linkxg_client.clock import Clock
from linkxg_client.secret import redact


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `field` is its path in the body."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class ErrorAnswer:
    """An answer that reports an error. Decide by `error`; `description` is for people."""

    status: int
    error: str
    description: str
    request_id: str | None = None
    retry_after: float | None = None
    details: tuple[FieldError, ...] = ()
    scope: str | None = None


class LinkXGError(Exception):
    """Anything that this library raises on its own."""


class ConnectionFailed(LinkXGError):
    """No answer came: the service could not be reached, or the connection broke."""


class SecretUnavailable(LinkXGError):
    """The source of a secret has none, or cannot store one."""


class SignInRequired(LinkXGError):
    """There is no session, or it has ended: sign in again."""


class UnexpectedAnswer(LinkXGError):
    """The answer is none of this service: a proxy or another program answered."""


class UnexpectedOrigin(LinkXGError):
    """A request to another host than that of the service: no token is sent there."""


class ApiError(LinkXGError):
    """The service answered with an error."""

    code: ClassVar[str] = ""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer)
        self.answer = answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def error(self) -> str:
        """The error code, such as `not_found`."""
        return self.answer.error

    @property
    def description(self) -> str:
        return self.answer.description

    @property
    def request_id(self) -> str | None:
        """Identifies the request in the log and the audit trail of the service."""
        return self.answer.request_id

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before the next attempt."""
        return self.answer.retry_after

    @property
    def details(self) -> tuple[FieldError, ...]:
        """The fields at fault, each with a code and a message."""
        return self.answer.details

    def __str__(self) -> str:
        fields = "".join(f"; {detail.field}: {detail.message}" for detail in self.details[:10])
        known = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.error}: {self.description}{fields}{known}"


class InvalidRequest(ApiError):
    """400."""


class InvalidScope(InvalidRequest):
    """The client was not granted every scope that was asked for."""

    code = "invalid_scope"


class AuthenticationFailed(ApiError):
    """401."""


class InvalidClient(AuthenticationFailed):
    """Client id or secret is wrong, the secret has expired, or the client is disabled."""

    code = "invalid_client"


class InvalidCredentials(AuthenticationFailed):
    """E-mail address or password is wrong."""

    code = "invalid_credentials"


class InvalidToken(AuthenticationFailed):
    """The token is expired or revoked, also after a new one was fetched."""

    code = "invalid_token"


class PermissionDenied(ApiError):
    """403."""


class InsufficientScope(PermissionDenied):
    """The token lacks a scope; `scope` names it."""

    code = "insufficient_scope"

    @property
    def scope(self) -> str | None:
        return self.answer.scope


class NotFound(ApiError):
    """404, also for what belongs to other accounts."""


class Conflict(ApiError):
    """409. `error` says which: `duplicate_sku`, `no_draft`, `invalid_state`, …"""


class PreconditionFailed(ApiError):
    """412: the record has changed since it was read."""


class ValidationFailed(ApiError):
    """422; `details` names each field."""


class RateLimited(ApiError):
    """429; `retry_after` says how long to wait."""


class ServiceUnavailable(ApiError):
    """502, 503 or 504: the service or its database cannot be reached."""


class ServerError(ApiError):
    """Any other answer of the 500s."""


_BY_CODE: dict[str, type[ApiError]] = {
    kind.code: kind for kind in (InvalidScope, InvalidClient, InvalidCredentials, InvalidToken, InsufficientScope)
}
_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequest, 401: AuthenticationFailed, 403: PermissionDenied, 404: NotFound, 409: Conflict,
    412: PreconditionFailed, 422: ValidationFailed, 429: RateLimited, 502: ServiceUnavailable,
    503: ServiceUnavailable, 504: ServiceUnavailable,
}  # fmt: skip
_SCOPE = re.compile(r'scope="([^"]*)"')


def error_of(response: httpx.Response, clock: Clock) -> ApiError:
    """The exception of an answer whose body has been read."""
    body = _members(response)
    try:
        reason = HTTPStatus(response.status_code).phrase
    except ValueError:
        reason = "Unknown status"
    scope = _SCOPE.search(response.headers.get("www-authenticate", ""))
    answer = ErrorAnswer(
        status=response.status_code,
        error=redact(str(body.get("error") or f"http_{response.status_code}")),
        description=redact(str(body.get("error_description") or body.get("detail") or reason)),
        request_id=response.headers.get("x-request-id"),
        retry_after=retry_after_of(response, clock),
        details=_details(body.get("details")),
        scope=scope[1] if scope else None,
    )
    fallback = ServerError if answer.status >= 500 else ApiError
    return (_BY_CODE.get(answer.error) or _BY_STATUS.get(answer.status) or fallback)(answer)


def retry_after_of(response: httpx.Response, clock: Clock) -> float | None:
    """The header field Retry-After in seconds: a number or a date (RFC 9110 §10.2.3)."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - clock.time())
    except ValueError:
        return None


def json_object(response: httpx.Response) -> Mapping[str, Any] | None:
    """The body as a JSON object; None if it is none."""
    try:
        value = response.json()
    except ValueError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _members(response: httpx.Response) -> Mapping[str, Any]:
    return json_object(response) or {}


def _details(value: object) -> tuple[FieldError, ...]:
    if not isinstance(value, list):
        return ()
    found = [cast("dict[str, Any]", each) for each in cast("list[object]", value) if isinstance(each, dict)]
    return tuple(
        FieldError(*(redact(str(each.get(name, ""))) for name in ("field", "code", "message"))) for each in found
    )
