"""WSGI middleware (PEP 3333): Flask, Bottle and every other WSGI application."""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

from linkxg_guard.errors import GuardError, MissingToken
from linkxg_guard.guard import list_scopes
from linkxg_guard.principal import Principal
from linkxg_guard.sender import PresentedRequest
from linkxg_guard.settings import GuardSettings
from linkxg_guard.target_uri import encode_path
from linkxg_guard.threaded import ThreadedGuard

KEY = "linkxg_guard.principal"
Environ = dict[str, Any]
Required = Callable[[Environ], Iterable[str]]


class GuardWSGI:
    """Puts `guard` in front of `app`.

    `scopes` are those that every request needs, or a function of the environment that says which. Paths in `public` are
    open to everybody.
    """

    def __init__(
        self, app: Any, guard: ThreadedGuard, *, scopes: str | Iterable[str] | Required, public: Collection[str] = ()
    ) -> None:
        self.app = app
        self.guard = guard
        self._required = scopes if callable(scopes) else None
        self._scopes = () if callable(scopes) else list_scopes(scopes)
        self._public = frozenset(public)

    def __call__(self, environ: Environ, start_response: Any) -> Any:
        if environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "") in self._public:
            return self.app(environ, start_response)
        required = self._scopes if self._required is None else self._required(environ)
        try:
            environ[KEY] = authenticate(self.guard, environ, required)
        except GuardError as error:
            return refuse(error, start_response)
        return self.app(environ, start_response)


def authorization_of(environ: Environ) -> bytes | None:
    """The Authorization header. WSGI servers join repeated ones with a comma, which no token contains."""
    value = environ.get("HTTP_AUTHORIZATION")
    return None if value is None else str(value).encode("latin-1", "replace")


def authenticate(guard: ThreadedGuard, environ: Environ, scopes: Iterable[str]) -> Principal:
    """The caller of a request. Raises GuardError."""
    authorization, source = authorization_of(environ), environ.get("REMOTE_ADDR")
    return guard.authenticate(authorization, source, scopes, partial(presented_by, environ, guard.settings))


def presented_by(environ: Environ, settings: GuardSettings) -> PresentedRequest:
    """What is known of the sender of a request. The path was decoded by the server, so it is encoded again."""
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1", "replace")
    return PresentedRequest(
        environ.get("REQUEST_METHOD", ""),
        encode_path(path),
        _values(environ, "DPoP"),
        _values(environ, settings.client_cert_header) if settings.client_cert_header is not None else (),
    )


def _values(environ: Environ, name: str) -> tuple[bytes, ...]:
    value = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
    return (str(value).encode("latin-1", "replace"),) if value else ()


def principal_of(environ: Environ) -> Principal:
    """The caller of a guarded request. Raises MissingToken behind no guard."""
    found: Principal | None = environ.get(KEY)
    if found is None:
        raise MissingToken("no guard in front of this application")
    return found


def refuse(error: GuardError, start_response: Any) -> list[bytes]:
    body = error.body()
    status = f"{error.status} {HTTPStatus(error.status).phrase}"
    start_response(status, [*error.headers(), ("content-length", str(len(body)))])
    return [body]
