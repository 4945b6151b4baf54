"""The errors of a guarded service (RFC 6750 §3.1), with the fields of their answer."""

import json

REALM = "api"


class GuardError(Exception):
    """An answer of the guard. `reason` is for logs only: the caller learns no more than `description`."""

    status = 401
    error = ""
    description = ""
    scheme = "Bearer"
    algorithms = ""
    """Those of proofs; not empty with the scheme DPoP."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or self.description)
        self.reason = reason

    def for_dpop(self, algorithms: str) -> None:
        """Make it an answer to a token that is bound to a key (RFC 9449 §7.1)."""
        self.scheme, self.algorithms = "DPoP", algorithms

    def challenge(self) -> str | None:
        """The value of WWW-Authenticate."""
        algorithms = f', algs="{self.algorithms}"' if self.algorithms else ""
        if not self.error:
            return f'{self.scheme} realm="{REALM}"{algorithms}'
        code = f'error="{self.error}", error_description="{self.description}"'
        return f'{self.scheme} realm="{REALM}"{algorithms}, {code}'

    def headers(self) -> list[tuple[str, str]]:
        """The header fields of the answer, without its length."""
        found = [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")]
        challenge = self.challenge()
        if challenge is not None:
            found.append(("www-authenticate", challenge))
        return found

    def body(self) -> bytes:
        return json.dumps({"error": self.error or "invalid_token", "error_description": self.description}).encode()


class MissingToken(GuardError):
    """No credentials: the challenge has no error code."""

    description = "An access token is required."


class InvalidToken(GuardError):
    error = "invalid_token"
    description = "The token is expired, malformed, revoked or meant for another service."


class InvalidDpopProof(GuardError):
    error = "invalid_dpop_proof"
    description = "The DPoP proof is missing, malformed, outdated, used before or of another request."


class InvalidRequest(GuardError):
    status = 400
    error = "invalid_request"
    description = "The Authorization header is malformed or repeated."


class InsufficientScope(GuardError):
    status = 403
    error = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.description = f"The token does not have the required scope {scope}."
        super().__init__()

    def challenge(self) -> str:
        return f'{super().challenge()}, scope="{self.scope}"'


class TemporarilyUnavailable(GuardError):
    """It is unknown what is revoked, so nobody is let in."""

    status = 503
    error = "temporarily_unavailable"
    description = "The service is temporarily unavailable. Try again shortly."

    def challenge(self) -> None:
        return None

    def headers(self) -> list[tuple[str, str]]:
        return [*super().headers(), ("retry-after", "1")]
