"""Token responses have the shape, and errors the order, that the RFC asks for. Security rules 29 to 32."""

from __future__ import annotations

import re
import time

import pytest

from attacks.cases import TOKEN_PATH, case, filled, forged, post_form, raw_request
from harness.client import FORM_TYPE
from harness.clients import is_accepted, request_token
from harness.people import login, refresh
from harness.token_forge import decode_unverified
from harness.world import World

LIFETIME_S = 900
LEEWAY_S = 30
WRONG = b"grant_type=client_credentials&client_id={ID}&client_secret=wrong"
GOOD = b"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}"


def test_rule_29_success_has_exactly_these_members(world: World) -> None:
    answer = request_token(world.api, world.oauth, "products:read").expect(200)
    body = answer.object()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert body["token_type"] == "Bearer"
    assert type(body["expires_in"]) is int
    assert body["expires_in"] == LIFETIME_S
    assert body["scope"] == "products:read"
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", body["access_token"])
    assert (answer.header("cache-control"), answer.header("pragma")) == ("no-store", "no-cache")


def test_u4_token_responses_forbid_caching(world: World) -> None:
    session = world.session("VIEWER")
    for answer in (
        request_token(world.api, world.oauth),
        login(world.api, session.person.email, session.person.password),
        refresh(world.api, session.refresh),
    ):
        assert (answer.status, answer.header("pragma")) == (200, "no-cache"), answer


def test_rule_29_tokens_are_never_repeated(world: World) -> None:
    tokens = [world.token() for _ in range(20)]
    assert len({decode_unverified(token)[1]["jti"] for token in tokens}) == len(tokens)


def test_rule_30_expires_in_is_what_the_token_says(world: World) -> None:
    before = int(time.time())
    claims = decode_unverified(world.token())[1]
    assert claims["exp"] - claims["iat"] == LIFETIME_S
    assert before - 1 <= claims["iat"] <= time.time() + 1


@pytest.mark.parametrize(
    ("age", "accepted"),
    [
        case(30, "a minute left", -60, True),
        case(30, "over by more than the leeway", LEEWAY_S + 1, False),
        case(30, "over by an hour", 3600, False),
    ],
)
def test_the_api_rejects_an_expired_token(world: World, age: int, accepted: bool) -> None:
    end = int(time.time()) - age
    token = forged(world, claims={"exp": end, "iat": end - LIFETIME_S})
    assert is_accepted(world.api, token) is accepted


@pytest.mark.parametrize(
    ("method", "path", "media_type", "body", "status", "error"),
    [
        case(32, "method before type", "PUT", "", "text/plain", WRONG, 405, "method_not_allowed"),
        case(32, "method before uri", "GET", "?client_secret=wrong", FORM_TYPE, b"", 405,
             "method_not_allowed"),
        case(32, "type before size", "POST", "", "text/plain", b"a" * 20_000, 400, "invalid_request"),
        case(32, "type before secret", "POST", "", "text/plain", WRONG, 400, "invalid_request"),
        case(32, "size before secret", "POST", "", FORM_TYPE, WRONG + b"&a=" + b"a" * 20_000, 413,
             "payload_too_large"),
        case(32, "repeats before secret", "POST", "", FORM_TYPE, WRONG + b"&scope=a&scope=b", 400,
             "invalid_request"),
        case(32, "syntax before secret", "POST", "", FORM_TYPE, WRONG + b"&scope=%ZZ", 400,
             "invalid_request"),
        case(32, "secret before grant", "POST", "", FORM_TYPE,
             WRONG.replace(b"client_credentials", b"password"), 401, "invalid_client"),
        case(32, "secret before scope", "POST", "", FORM_TYPE, WRONG + b"&scope=unknown", 401,
             "invalid_client"),
        case(32, "secret before granted scope", "POST", "", FORM_TYPE, WRONG + b"&scope=products:read", 401,
             "invalid_client"),
        case(32, "grant before scope", "POST", "", FORM_TYPE,
             GOOD.replace(b"client_credentials", b"password") + b"&scope=unknown", 400,
             "unsupported_grant_type"),
        case(31, "scope is 400", "POST", "", FORM_TYPE, GOOD + b"&scope=unknown", 400, "invalid_scope"),
    ],
)  # fmt: skip
def test_the_first_error_in_the_documented_order_is_reported(
    world: World, method: str, path: str, media_type: str, body: bytes, status: int, error: str
) -> None:
    headers = [("Content-Type", media_type)]
    answer = raw_request(world, method, TOKEN_PATH + path, headers, filled(body, world.oauth))
    answer.expect(status, error)


def test_rule_32_unauthenticated_callers_learn_nothing_about_scopes(world: World) -> None:
    bodies = {
        str(post_form(world, filled(WRONG + extra, world.oauth)).without_request_id)
        for extra in (b"", b"&scope=products:read", b"&scope=unknown", b"&scope=%22")
    }
    assert len(bodies) == 1
