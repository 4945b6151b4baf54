"""How does an error reach the caller?

One flat JSON object everywhere (contract «Errors»); 401 and 403 carry their challenge (RFC 6749 §5.2, RFC 6750 §3,
RFC 9728 §5.1); an unexpected fault says nothing but the request id.
"""

import traceback
from typing import Any

import msgspec

from linkxg.errors import (
    InsufficientScope,
    InvalidClient,
    InvalidCredentials,
    InvalidToken,
    MissingToken,
    PublicError,
)
from linkxg.web.exchange import JSON_TYPE, Exchange, Headers, Reply
from linkxg.web.logs import log

REALM = "linkxg"
OAUTH_PREFIX = "/api/v1/oauth/"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"


class Refusals:
    """Builds error replies; `public_url` goes into the Bearer challenge as the address of the resource metadata."""

    def __init__(self, public_url: str) -> None:
        self._bearer = f'Bearer realm="{REALM}", resource_metadata="{public_url}{RESOURCE_METADATA}"'

    def reply(self, error: PublicError, exchange: Exchange, path: str) -> Reply:
        notes = exchange.notes
        notes["error"] = error.code
        if error.reason:
            notes["reason"] = error.reason
        body: dict[str, Any] = error.body()
        if not path.startswith(OAUTH_PREFIX):
            body = {"success": False, **body, "requestId": exchange.request_id}
        headers: Headers = [JSON_TYPE, *((k.lower().encode(), v.encode()) for k, v in error.headers.items())]
        challenge = self._challenge(error)
        if challenge:
            headers.append((b"www-authenticate", challenge.encode()))
        if error.retry_after is not None:
            headers.append((b"retry-after", str(error.retry_after).encode()))
        return Reply(error.status, msgspec.json.encode(body), headers)

    def unexpected(self, fault: Exception, exchange: Exchange, path: str) -> Reply:
        """500. Only the type and the frames are logged: a fault's message may quote what the caller sent."""
        frames = traceback.extract_tb(fault.__traceback__)[-8:]
        log.error(
            "fault",
            request_id=exchange.request_id,
            fault=type(fault).__name__,
            frames=" < ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in reversed(frames)),
        )
        return self.reply(PublicError(reason=type(fault).__name__), exchange, path)

    def _challenge(self, error: PublicError) -> str | None:
        if isinstance(error, InvalidClient):
            return f'Basic realm="{REALM}", charset="UTF-8"'
        if isinstance(error, MissingToken | InvalidCredentials):
            return self._bearer
        if isinstance(error, InvalidToken):
            return f'{self._bearer}, error="{error.code}", error_description="{error.description}"'
        if isinstance(error, InsufficientScope):
            return (
                f'{self._bearer}, error="{error.code}", error_description="{error.description}", scope="{error.scope}"'
            )
        return None
