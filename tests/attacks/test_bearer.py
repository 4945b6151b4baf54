"""Bearer credentials at the protected API, and what a refusal says. Security rules 33 to 39."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from attacks.cases import case, challenge, forged, raw_request
from harness.answers import Answer
from harness.client import FORM_TYPE
from harness.world import World

PRODUCTS = "/api/v1/products"
ATTRIBUTE = re.compile(r'(\w+)="([^"\\]*)"')


def attributes(answer: Answer) -> dict[str, str]:
    """The parameters of a Bearer challenge; each may occur once."""
    value = challenge(answer)
    assert re.fullmatch(r'Bearer( \w+="[^"\\]*"(, ?\w+="[^"\\]*")*)?', value), value
    found = ATTRIBUTE.findall(value)
    assert len(found) == len(dict(found)), value
    return dict(found)


def with_header(world: World, value: str) -> Answer:
    return raw_request(world, "GET", PRODUCTS, [("Authorization", value)])


@pytest.mark.parametrize("scheme", [case(33, name, name) for name in ("Bearer", "bearer", "BEARER", "bEaReR")])
def test_the_scheme_is_case_insensitive(world: World, scheme: str) -> None:
    with_header(world, f"{scheme} {world.token()}").expect(200)


@pytest.mark.parametrize(
    "make",
    [
        case(33, "scheme alone", lambda token: "Bearer"),
        case(33, "scheme and space", lambda token: "Bearer "),
        case(33, "token alone", lambda token: token),
        case(33, "colon", lambda token: f"Bearer: {token}"),
        case(33, "equals", lambda token: f"Bearer={token}"),
        case(33, "quotes", lambda token: f'Bearer "{token}"'),
        case(33, "as parameter", lambda token: f'Bearer token="{token}"'),
        case(33, "scheme twice", lambda token: f"Bearer Bearer {token}"),
        case(33, "two tokens", lambda token: f"Bearer {token} {token}"),
        case(33, "list", lambda token: f"Bearer {token}, Bearer {token}"),
        case(33, "list of tokens", lambda token: f"Bearer {token},{token}"),
        case(33, "comma behind", lambda token: f"Bearer {token},"),
        case(33, "parameter behind", lambda token: f'Bearer {token}, realm="x"'),
        case(33, "tab", lambda token: f"Bearer\t{token}"),
        case(33, "percent", lambda token: f"Bearer {token}%00"),
        case(33, "non-ASCII", lambda token: f"Bearer {token}\u00e9"),
        case(33, "longer scheme", lambda token: f"BearerX {token}"),
        case(33, "Token", lambda token: f"Token {token}"),
        case(33, "JWT", lambda token: f"JWT {token}"),
        case(33, "DPoP", lambda token: f"DPoP {token}"),
        case(33, "Basic", lambda token: f"Basic {token}"),
        case(33, "braces", lambda token: f"Bearer {{{token}}}"),
    ],
)
def test_no_other_scheme_or_spelling_is_accepted(world: World, make: Callable[[str], str]) -> None:
    with_header(world, make(world.token())).expect_one_of((401, "invalid_token"), (400, "invalid_request"))


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        case(34, "query", "GET", "?access_token={T}", [], ""),
        case(34, "query token", "GET", "?token={T}", [], ""),
        case(34, "form body", "POST", "", [("Content-Type", FORM_TYPE)], "access_token={T}"),
        case(34, "cookie", "GET", "", [("Cookie", "access_token={T}; token={T}; session={T}")], ""),
        case(34, "other header", "GET", "", [("X-Access-Token", "{T}")], ""),
        case(34, "proxy header", "GET", "", [("Proxy-Authorization", "Bearer {T}")], ""),
        case(34, "forwarded header", "GET", "", [("X-Forwarded-Authorization", "Bearer {T}")], ""),
        case(34, "underscore twin", "GET", "", [("Http_Authorization", "Bearer {T}")], ""),
        case(34, "fragment", "GET", "?a=1%23access_token={T}", [], ""),
    ],
)
def test_a_token_outside_the_authorization_header_is_ignored(
    world: World, method: str, path: str, headers: list[tuple[str, str]], body: str
) -> None:
    token = world.token()
    filled = [(name, value.replace("{T}", token)) for name, value in headers]
    answer = raw_request(world, method, PRODUCTS + path.replace("{T}", token), filled,
                         body.replace("{T}", token).encode())  # fmt: skip
    answer.expect(401, "invalid_token")
    assert "error" not in attributes(answer), "security rule 35: nothing was presented, so nothing is wrong with it"


@pytest.mark.parametrize("other", [case(34, "same token", "{T}"), case(34, "garbage", "abc"), case(34, "empty", "")])
@pytest.mark.parametrize("first", [case(34, "good first", True), case(34, "good last", False)])
def test_two_authorization_headers_are_malformed(world: World, other: str, first: bool) -> None:
    token = world.token()
    values = [token, other.replace("{T}", token)]
    headers = [("Authorization", f"Bearer {value}") for value in (values if first else values[::-1])]
    raw_request(world, "GET", PRODUCTS, headers).expect(400, "invalid_request")


def test_rule_34_header_and_query_together_use_the_header_or_refuse(world: World) -> None:
    answer = raw_request(world, "GET", f"{PRODUCTS}?access_token=abc",
                         [("Authorization", f"Bearer {world.token()}")])  # fmt: skip
    answer.expect_one_of((200, None), (400, "invalid_request"))


def test_rule_35_without_credentials_the_challenge_names_no_error(world: World) -> None:
    answer = world.api.get("/products").expect(401, "invalid_token")
    found = attributes(answer)
    assert found["realm"]
    assert found.keys().isdisjoint({"error", "error_description", "scope"})


@pytest.mark.parametrize(
    "token", [case(36, "garbage", "abc"), case(36, "three parts", "a.b.c"), case(36, "long", "a" * 4000)]
)
def test_an_invalid_token_is_named_in_the_challenge(world: World, token: str) -> None:
    found = attributes(world.api.get("/products", bearer=token).expect(401, "invalid_token"))
    assert found["error"] == "invalid_token"
    assert found["error_description"]


def test_rule_37_the_missing_scope_is_named(world: World) -> None:
    token = world.token("products:read")
    answer = world.api.post("/products", bearer=token, json={"sku": "A", "content": {"name": "B"}})
    answer.expect(403, "insufficient_scope")
    found = attributes(answer)
    assert (found["error"], found["scope"]) == ("insufficient_scope", "products:write")
    assert "products:write" in answer.object()["error_description"]


@pytest.mark.parametrize(
    ("method", "path", "content", "media_type"),
    [
        case(38, "unknown id", "GET", f"/products/{uuid4()}", None, None),
        case(38, "malformed id", "GET", "/products/not-an-id", None, None),
        case(38, "malformed json", "POST", "/products", b"{", "application/json"),
        case(38, "wrong type", "POST", "/products", b"a=b", FORM_TYPE),
        case(38, "missing field", "POST", "/products", b"{}", "application/json"),
        case(38, "large body", "POST", "/products", b"[" + b"1," * 200_000, "application/json"),
        case(38, "deep body", "POST", "/products", b"[" * 100_000, "application/json"),
        case(38, "bad query", "GET", "/products?limit=abc&cursor=%00", None, None),
        case(38, "unknown client", "GET", "/oauth/clients/lxgcli_unknown", None, None),
        case(38, "rotate unknown", "POST", "/oauth/clients/lxgcli_unknown/rotate", b"{", "application/json"),
        case(38, "bad client body", "POST", "/oauth/clients", b"[]", "application/json"),
        case(38, "users", "POST", "/account/users", b"{}", "application/json"),
        case(38, "patch user", "PATCH", f"/account/users/{uuid4()}", b"{", "application/json"),
        case(38, "audit", "GET", "/account/audit-events?cursor=abc", None, None),
        case(38, "sessions", "DELETE", "/auth/sessions/abc", None, None),
        case(38, "password", "POST", "/auth/password", b"{", "application/json"),
        case(38, "logout", "POST", "/auth/logout", None, None),
    ],
)
@pytest.mark.parametrize("bearer", [case(38, "no token", None), case(38, "bad token", "abc")])
def test_authentication_comes_before_everything_else(
    world: World, method: str, path: str, content: bytes | None, media_type: str | None, bearer: str | None
) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    world.api.request(method, path, content=content, headers=headers, bearer=bearer).expect(401, "invalid_token")


# Everything here authenticates in its own way, or is public on purpose; each entry is a decision.
OPEN = {
    ("POST", "/api/v1/oauth/token"),
    ("POST", "/api/v1/oauth/introspect"),
    ("POST", "/api/v1/oauth/revoke"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/mfa"),
    ("POST", "/api/v1/auth/mfa/passkey-options"),
    ("POST", "/api/v1/auth/passkey"),
    ("POST", "/api/v1/auth/passkey/options"),
    ("POST", "/api/v1/auth/mfa/enrollment"),
    ("POST", "/api/v1/auth/mfa/enrollment/confirm"),
    ("POST", "/api/v1/auth/mfa/enrollment/passkey"),
    ("POST", "/api/v1/auth/mfa/enrollment/passkey-options"),
    ("POST", "/api/v1/auth/password-reset"),
    ("POST", "/api/v1/auth/password-reset/complete"),
    ("POST", "/api/v1/accounts/sign-up"),
    ("POST", "/api/v1/accounts/sign-up/complete"),
    ("POST", "/api/v1/invitations/{token}/accept"),
    ("POST", "/api/v1/email-changes/{token}/confirm"),
    ("POST", "/api/v1/email-changes/{token}/decline"),
    ("POST", "/api/v1/connection-invitations/{token}/accept"),
    # What is public of a passport; a token that is sent is checked all the same: tests/passports.
    ("GET", "/api/v1/dpp/{passport_id}"),
    ("GET", "/api/v1/dpp/{passport_id}/elements/{path}"),
    ("GET", "/api/v1/dpp/{passport_id}/qr"),
    ("GET", "/api/v1/dpp/{passport_id}/versions"),
    ("POST", "/api/v1/dpp/{passport_id}/access-requests"),
    # By a signature; on this server nobody has one.
    ("POST", "/api/v1/secret-scanning/reports"),
}


def operations(world: World) -> list[tuple[str, str]]:
    """Method and path of every operation that the program documents."""
    document = world.api.get("/openapi.json").expect(200).object()
    found = [
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "put", "post", "delete", "patch"}
    ]
    assert len(found) >= 25, found
    return [(method, path) for method, path in found
            if path.startswith("/api/v1/") and "openapi" not in path and "reference" not in path]  # fmt: skip


def concrete(path: str) -> str:
    """The path with something in the place of every parameter, below the API's base."""
    return re.sub(r"\{[^}]+\}", str(uuid4()), path).removeprefix("/api/v1")


def body_for(method: str) -> dict[str, Any] | None:
    return {} if method in {"POST", "PATCH", "PUT"} else None


def test_rule_39_every_route_rejects_requests_without_a_token(world: World) -> None:
    for method, path in operations(world):
        answer = world.api.request(method, concrete(path), json=body_for(method))
        if (method, path) in OPEN:
            # A challenge, the same for everybody, opens nothing.
            assert answer.status >= 400 or path == "/api/v1/auth/passkey/options", answer
        else:
            assert answer.status == 401, answer


def test_rule_39_every_route_rejects_tokens_without_its_scope(world: World) -> None:
    token = forged(world, claims={"scope": ""})
    guarded = [pair for pair in operations(world) if pair not in OPEN]
    for method, path in guarded:
        answer = world.api.request(method, concrete(path), bearer=token, json=body_for(method))
        if path == "/api/v1/oauth/clients/{client_id}/rotate":
            answer.expect(404, "not_found")  # security rule 88: decided by who asks, and this is another client
        elif path == "/api/v1/oauth/revocations":
            answer.expect(401, "invalid_client")  # read with the credentials of a client, never with a token
        else:
            answer.expect_one_of((403, "insufficient_scope"), (403, "access_denied"))


def test_rule_39_the_named_open_routes_exist(world: World) -> None:
    assert set(operations(world)) >= OPEN
