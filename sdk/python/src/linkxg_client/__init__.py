"""Client of the LinkXG API: tokens, secrets and sessions are handled, for threads and for asyncio."""

from linkxg_client.async_client import AsyncLinkXG
from linkxg_client.auth import LinkXGAuth
from linkxg_client.calls.traceability import Item
from linkxg_client.client import LinkXG, credentials_from_environment
from linkxg_client.client_assertions import ClientAssertions, MutualTLS, PrivateKeyJwt, github_actions_token
from linkxg_client.client_credentials import ClientCredentials
from linkxg_client.connection import Connection
from linkxg_client.dpop import DpopKey
from linkxg_client.errors import (
    ApiError,
    AuthenticationFailed,
    Conflict,
    ConnectionFailed,
    FieldError,
    InsufficientScope,
    InvalidClient,
    InvalidCredentials,
    InvalidRequest,
    InvalidScope,
    InvalidToken,
    LinkXGError,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RateLimited,
    SecretUnavailable,
    ServerError,
    ServiceUnavailable,
    SignInRequired,
    UnexpectedAnswer,
    UnexpectedOrigin,
    ValidationFailed,
)
from linkxg_client.retry import RetryPolicy
from linkxg_client.rotate_secret import Rotation
from linkxg_client.rotation_schedule import RotationSchedule
from linkxg_client.secret import Secret
from linkxg_client.secret_file import SecretFile
from linkxg_client.secret_sources import (
    CallableSecret,
    EnvironmentSecret,
    KeyringSecret,
    SecretSource,
)
from linkxg_client.session import MfaRequired, UserSession
from linkxg_client.session_store import MemoryStore, SessionFile

__all__ = [
    "ApiError", "AsyncLinkXG", "AuthenticationFailed", "CallableSecret", "ClientAssertions", "ClientCredentials",
    "Conflict", "Connection", "ConnectionFailed", "DpopKey", "EnvironmentSecret", "FieldError", "InsufficientScope",
    "InvalidClient", "InvalidCredentials", "InvalidRequest", "InvalidScope", "InvalidToken", "Item",
    "KeyringSecret", "LinkXG", "LinkXGAuth", "LinkXGError", "MemoryStore", "MfaRequired", "MutualTLS", "NotFound",
    "PermissionDenied", "PreconditionFailed", "PrivateKeyJwt", "RateLimited", "RetryPolicy", "Rotation",
    "RotationSchedule", "Secret", "SecretFile", "SecretSource", "SecretUnavailable", "ServerError",
    "ServiceUnavailable", "SessionFile", "SignInRequired", "UnexpectedAnswer", "UnexpectedOrigin", "UserSession",
    "ValidationFailed", "credentials_from_environment", "github_actions_token",
]  # fmt: skip
