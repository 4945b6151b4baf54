"""The errors of EN 18222: the members of every other error, and a status code with messages."""

from typing import Any

from linkxg.clock import now_ms, rfc3339

_CODES = {
    400: "ClientErrorBadRequest",
    401: "ClientNotAuthorized",
    403: "ClientForbidden",
    404: "ClientErrorResourceNotFound",
    405: "ClientMethodNotAllowed",
    409: "ClientResourceConflict",
    501: "ServerNotImplemented",
    502: "ServerErrorBadGateway",
}
_SERVER_ERRORS_FROM = 500


def error_members(status: int, text: str, request_id: str) -> dict[str, Any]:
    other = "ServerInternalError" if status >= _SERVER_ERRORS_FROM else _CODES[400]
    message = {
        "messageType": "Error",
        "text": text,
        "code": str(status),
        "correlationId": request_id,
        "timestamp": rfc3339(now_ms()),
    }
    return {"statusCode": _CODES.get(status, other), "message": [message]}
