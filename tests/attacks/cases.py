"""One row of an attack table."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from _pytest.mark.structures import ParameterSet

from harness.answers import Answer
from harness.client import FORM_TYPE
from harness.clients import OAuthClient, request_token
from harness.raw_http import request_bytes, send_raw
from harness.token_forge import TokenForge, decode_unverified
from harness.world import World

TOKEN_PATH = "/api/v1/oauth/token"
JWT_ALGORITHMS = ("HS256", "ES256", "EdDSA", "RS256")


def case(rule: int | str, name: str, *values: Any) -> ParameterSet:
    """One row: the number of the security rule that it tests, a name, and the test's arguments."""
    return pytest.param(*values, id=f"rule={rule}-{name.replace(' ', '-')}")


def filled(template: bytes, oauth: OAuthClient) -> bytes:
    """A request body with the client's real credentials in the place of ID and SECRET."""
    return template.replace(b"{ID}", oauth.client_id.encode()).replace(b"{SECRET}", oauth.client_secret.encode())


def post_form(
    world: World,
    body: bytes,
    *,
    path: str = "/oauth/token",
    headers: list[tuple[str, str]] | None = None,
    media_type: str | None = FORM_TYPE,
    reveals: bool = False,
) -> Answer:
    """Post exactly these bytes as a form."""
    fields = list(headers or [])
    if media_type is not None:
        fields.append(("Content-Type", media_type))
    return world.api.post(path, content=body, headers=fields, reveals=reveals)


def raw_request(
    world: World,
    method: str,
    path: str,
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    *,
    reveals: bool = False,
) -> Answer:
    """Send a request that httpx would tidy up; it has to be answered."""
    answer = send_raw(world.api, request_bytes(world.api, method, path, headers, body), reveals=reveals)
    assert answer is not None, "the connection was closed without an answer"
    return answer


def forge_for(world: World) -> TokenForge:
    """The key that signs this server's tokens now."""
    kid = decode_unverified(world.token())[0]["kid"]
    return next(TokenForge(record) for record in world.server.signing_keys() if record["kid"] == kid)


def forged(world: World, *, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    """A client's token with some members changed, signed with the true key."""
    token = forge_for(world).with_changes(world.token(), header=header, claims=claims)
    return world.vault.remember("forged token", token)


def present(world: World, token: str) -> Answer:
    """The answer of the API to this access token."""
    if len(token) >= 12:
        world.vault.remember("forged token", token)
    return world.api.get("/products", bearer=token)


def refused(answer: Answer) -> None:
    """Security rule 36: one answer for whatever is wrong with a token."""
    answer.expect(401, "invalid_token")
    assert 'error="invalid_token"' in (answer.header("www-authenticate") or "")


def alive(world: World, oauth: OAuthClient) -> bool:
    """Whether these credentials still get a token."""
    return request_token(world.api, oauth).status == 200


def challenge(answer: Answer) -> str:
    """The one challenge of a refusal."""
    values = answer.values("www-authenticate")
    assert len(values) == 1, answer.fields
    return values[0]


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
