"""Protects an API with LinkXG's access tokens: verified locally, and revoked within a second by a signed feed."""

from linkxg_guard.asgi import GuardMiddleware, principal_of
from linkxg_guard.errors import (
    GuardError,
    InsufficientScope,
    InvalidDpopProof,
    InvalidRequest,
    InvalidToken,
    MissingToken,
    TemporarilyUnavailable,
)
from linkxg_guard.guard import Guard
from linkxg_guard.principal import Principal
from linkxg_guard.settings import GuardSettings

__all__ = [
    "Guard",
    "GuardError",
    "GuardMiddleware",
    "GuardSettings",
    "InsufficientScope",
    "InvalidDpopProof",
    "InvalidRequest",
    "InvalidToken",
    "MissingToken",
    "Principal",
    "TemporarilyUnavailable",
    "principal_of",
]
