"""A token never carries a scope that was not granted. Security rules 23 to 28."""

from __future__ import annotations

import pytest

from attacks.cases import case
from harness.clients import SCOPES, OAuthClient, create_client, get_token, make_client, request_token
from harness.token_forge import decode_unverified
from harness.world import World

GRANTED = "products:read connections:read"


@pytest.fixture(scope="module")
def reader(world: World) -> OAuthClient:
    """A client that may read products and connections."""
    return world.new_client(GRANTED)


@pytest.mark.parametrize(
    "scope",
    [
        case(23, "tab", "products:read\tconnections:read"),
        case(23, "newline", "products:read\nconnections:read"),
        case(23, "carriage return", "products:read\r\n"),
        case(23, "NUL", "products:read\x00"),
    ],
)
def test_control_characters_are_refused(world: World, reader: OAuthClient, scope: str) -> None:
    # Security rules 7 and 23 both forbid these, under different codes; the syntax of the form is read first.
    request_token(world.api, reader, scope).expect_one_of((400, "invalid_request"), (400, "invalid_scope"))


def test_scopes_separated_by_commas_are_answered_with_advice(world: World, reader: OAuthClient) -> None:
    answer = request_token(world.api, reader, "products:read,secret:typed").expect(400, "invalid_scope")
    assert "separate scopes by spaces" in answer.object()["error_description"]
    assert b"typed" not in answer.body


@pytest.mark.parametrize(
    "scope",
    [
        case(23, "quote", '"products:read"'),
        case(23, "backslash", "products:read\\"),
        case(23, "non-ASCII", "products:re\u00e4d"),
        case(23, "look-alike", "product\u0455:read"),
        case(23, "no-break space", "products:read\u00a0connections:read"),
        case(23, "wide space", "products:read\u3000connections:read"),
        case(23, "double space", "products:read  connections:read"),
        case(23, "leading space", " products:read"),
        case(23, "trailing space", "products:read "),
        case(23, "only a space", " "),
        case(23, "comma", "products:read,connections:read"),
        case(23, "plus", "products:read+connections:read"),
        case(23, "other case", "Products:Read"),
        case(23, "upper case", "PRODUCTS:READ"),
        case(24, "not granted", "products:write"),
        case(24, "one of two not granted", "products:read products:write"),
        case(24, "unknown", "products:admin"),
        case(24, "one of two unknown", "products:read openid"),
        case(24, "openid", "openid"),
        case(24, "offline_access", "offline_access"),
        case(24, "star", "*"),
        case(24, "family star", "products:*"),
        case(24, "prefix", "products"),
        case(24, "prefix with colon", "products:"),
        case(24, "shorter", "products:rea"),
        case(24, "longer", "products:reads"),
        case(24, "SQL wildcard", "products:%"),
        case(24, "all names at once", " ".join(SCOPES)),
    ],
)
def test_whatever_was_not_granted_refuses_the_whole_request(world: World, reader: OAuthClient, scope: str) -> None:
    request_token(world.api, reader, scope).expect(400, "invalid_scope")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        case(25, "left out", None, GRANTED),
        case(25, "empty", "", GRANTED),
        case(25, "narrower", "products:read", "products:read"),
        case(23, "other order", "connections:read products:read", GRANTED),
        case(23, "repeated", "products:read products:read products:read", "products:read"),
    ],
)
def test_granted_scopes_are_echoed_and_in_the_token(
    world: World, reader: OAuthClient, scope: str | None, expected: str
) -> None:
    body = request_token(world.api, reader, scope).expect(200).object()
    assert sorted(body["scope"].split(" ")) == sorted(expected.split(" "))
    assert decode_unverified(body["access_token"])[1]["scope"] == body["scope"]


@pytest.mark.parametrize("empty", [case(26, "empty text", ""), case(26, "only a space", " ")])
def test_a_client_without_scopes_gets_no_token(world: World, empty: str) -> None:
    answer = create_client(world.api, world.owner, empty)
    if answer.status == 201:
        body = answer.object()
        powerless = OAuthClient(body["client_id"], body["client_secret"], "", "")
        request_token(world.api, powerless).expect(400, "invalid_scope")
    else:
        answer.expect_one_of((400, "invalid_scope"), (400, "invalid_request"))


def test_rule_26_a_client_that_lost_its_last_scope_gets_no_token(world: World) -> None:
    oauth = world.new_client("products:read")
    answer = world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json={"scope": ""})
    if answer.status == 200:
        request_token(world.api, oauth).expect(400, "invalid_scope")
    else:
        answer.expect_one_of((400, "invalid_scope"), (400, "invalid_request"))
        request_token(world.api, oauth).expect(200)


def test_rule_27_narrowing_takes_effect_on_new_tokens_at_once(world: World) -> None:
    oauth = world.new_client("products:read products:write")
    request_token(world.api, oauth, "products:write").expect(200)
    world.api.patch(
        f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json={"scope": "products:read"}
    ).expect(200)
    request_token(world.api, oauth, "products:write").expect(400, "invalid_scope")
    assert request_token(world.api, oauth).expect(200).object()["scope"] == "products:read"


def test_rule_28_write_does_not_imply_read(world: World) -> None:
    token = get_token(world.api, make_client(world.api, world.owner, "products:write"))
    world.api.get("/products", bearer=token).expect(403, "insufficient_scope")


def test_rule_28_read_does_not_imply_write(world: World) -> None:
    token = get_token(world.api, make_client(world.api, world.owner, "products:read"))
    body = {"sku": "A-1", "content": {"name": "Bolt"}}
    world.api.post("/products", bearer=token, json=body).expect(403, "insufficient_scope")


@pytest.mark.parametrize("scope", [case(28, name, name) for name in SCOPES if name != "products:read"])
def test_other_scopes_give_no_access_to_products(world: World, scope: str) -> None:
    token = get_token(world.api, world.oauth, scope)
    world.api.get("/products", bearer=token).expect(403, "insufficient_scope")
