"""Every route declares who may use it.

The guard refuses a route that declares nothing to everybody; this test says so before anybody is refused (ASVS 8.2.1).
"""

from __future__ import annotations

import re

from litestar.routes import HTTPRoute

from architecture.program import Route, edge, modules, routes
from linkxg.catalog.identifiers.keys import KEYS
from linkxg.console.guard import ConsoleGuard
from linkxg.http.permissions import PERMITS, declared
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.tokens.scopes import SCOPES

# Whoever adds to this list has thought about what a stranger can do there.
PUBLIC = {
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/oauth-protected-resource",
    "GET /.well-known/oauth-protected-resource/api/v1",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/mfa",
    "POST /api/v1/auth/mfa/passkey-options",
    "POST /api/v1/auth/passkey",
    "POST /api/v1/auth/passkey/options",
    "POST /api/v1/auth/mfa/enrollment",
    "POST /api/v1/auth/mfa/enrollment/confirm",
    "POST /api/v1/auth/mfa/enrollment/passkey",
    "POST /api/v1/auth/mfa/enrollment/passkey-options",
    "POST /api/v1/auth/password-reset",
    "POST /api/v1/auth/password-reset/complete",
    "POST /api/v1/accounts/sign-up",
    "POST /api/v1/accounts/sign-up/complete",
    "POST /api/v1/invitations/{token}/accept",
    "POST /api/v1/email-changes/{token}/confirm",
    "POST /api/v1/email-changes/{token}/decline",
    "POST /api/v1/connection-invitations/{token}/accept",
    "GET /api/v1/openapi.json",
    "GET /api/v1/reference",
    "GET /api/v1/reference.css",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /",
    "GET /sign-in",
    "GET /sign-in/sso",
    "POST /sign-in/sso",
    "GET /sign-in/sso/{account_id}/callback",
    "POST /sign-in/sso/{account_id}/backchannel-logout",
    "POST /api/v1/secret-scanning/reports",
    "POST /sign-in",
    "POST /sign-in/code",
    "POST /sign-in/forgotten-password",
    "POST /sign-in/set-up",
    "GET /sign-up",
    "POST /sign-up",
    "GET /sign-up/{token}",
    "POST /sign-up/{token}",
    "GET /connections/invitations/{token}",
    "POST /connections/invitations/{token}",
    "GET /password-reset",
    "POST /password-reset",
    "GET /password-reset/{token}",
    "POST /password-reset/{token}",
    "GET /email-changes/{token}",
    "POST /email-changes/{token}",
    "GET /invitations/{token}",
    "POST /invitations/{token}",
    "GET /static/{name}",
    # What of a passport is public; a token shows more.
    "GET /dpp/{passport_id}",
    "GET /dpp/{passport_id}/versions",
    "GET /api/v1/dpp/{passport_id}",
    "GET /api/v1/dpp/{passport_id}/versions",
    "GET /api/v1/dpp/{passport_id}/elements/{path}",
    # What data carriers point to.
    *(f"GET /{{slug}}/{ai}/{{rest}}" for ai in KEYS),
    "GET /{slug}/{compressed}",
    "GET /01/{rest}",
    "GET /.well-known/gs1resolver",
    "GET /.well-known/resolver",
    "GET /dpp/{passport_id}/qr",
    "GET /api/v1/dpp/{passport_id}/qr",
    # Who asks for access, and who has a link.
    "POST /api/v1/dpp/{passport_id}/access-requests",
    "GET /dpp/{passport_id}/ask",
    "POST /dpp/{passport_id}/ask",
    "GET /dpp/access/{token}",
    "POST /dpp/access/{token}",
    # The reads of EN 18222.
    "GET /v1/dpps/{rest}",
    "GET /v1/dppsByProductId/{rest}",
    "GET /v1/dppsByIdAndDate/{rest}",
    # What verifiers of signed passports need.
    "GET /{slug}/did.json",
    "GET /{slug}/status/{number}",
}
# These authenticate by what their body carries.
EDGE = {
    "POST /api/v1/auth/refresh",
    "POST /api/v1/oauth/introspect",
    "POST /api/v1/oauth/revoke",
    "POST /api/v1/oauth/token",
}
ANY_CALLER = {"POST /api/v1/oauth/clients/{client_id}/rotate"}


def test_every_streamed_response_is_authorised_while_it_is_sent() -> None:
    """Else a download goes on after its caller was revoked (security rule L1)."""
    streams = {module.relative_path: module.text for module in modules() if re.search(r"\bStream\(", module.text)}
    assert len(streams) == 3
    wrong = [
        path
        for path, text in streams.items()
        if len(re.findall(r"\bStream\(", text)) > len(re.findall(r"\bauthorised_stream\(", text))
    ]
    assert not wrong, f"{wrong}: pass the content through http/authorised_stream.py"


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_every_route_declares_one_permission() -> None:
    for route in routes():
        if route.handler is None:
            continue
        opt = route.handler.opt
        assert declared(opt), f"{_name(route)} declares nothing: see http/permissions.py"
        assert sum(1 for name in PERMITS if opt.get(name)) == 1, f"{_name(route)} declares more than one permit"
        assert opt.get("scope") is None or opt["scope"] in SCOPES
        for name in ("roles", "session_roles"):
            assert frozenset(EVERYONE) >= opt.get(name, frozenset())
        assert route.handler.resolve_guards(), f"{_name(route)} has no guard"


def test_only_the_revocation_feed_authenticates_clients_itself() -> None:
    found = {_name(route) for route in routes() if route.handler and route.handler.opt.get("client_authentication")}
    assert found == {"GET /api/v1/oauth/revocations"}


def test_public_routes_are_those_listed_here() -> None:
    found = {_name(route) for route in routes() if route.handler and route.handler.opt.get("public")}
    assert found <= PUBLIC, f"{found - PUBLIC} are public: if that is meant, add them to PUBLIC"
    assert {_name(route) for route in routes() if route.handler is None} == EDGE
    assert {_name(route) for route in routes() if route.handler and route.handler.opt.get("any_caller")} == ANY_CALLER


def test_only_console_routes_accept_a_console_session() -> None:
    for route in routes():
        if route.handler and route.handler.opt.get("session_roles"):
            assert route.handler.fn.__module__.startswith("linkxg.console."), (
                f"{_name(route)}: only routes of the console are guarded by {ConsoleGuard.__name__}; here the "
                "declaration would let everybody in"
            )
            assert len(route.handler.resolve_guards()) == 2, "that of every route, and that of the console"
            assert not route.path.startswith("/api/")


def test_no_route_answers_options_itself() -> None:
    """The edge takes OPTIONS as a method that no route has; a route that declares it would never be reached."""
    for route in edge().inner.routes:  # type: ignore[attr-defined]
        if isinstance(route, HTTPRoute):
            own = [handler for handler in route.route_handlers if "OPTIONS" in handler.http_methods]
            assert all(handler.operation_id is None for handler in own)
