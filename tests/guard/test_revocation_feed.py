"""`GET /oauth/revocations`: who reads it, what it says, how long it waits, how it is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from typing import Any

from guard.guarded import basic, register
from harness.answers import Answer
from harness.clients import OAuthClient, get_token, make_resource_server, request_token, revoke, rotate
from harness.token_forge import decode, decode_unverified, encode
from harness.world import World

PATH = "/oauth/revocations"
TYPE = "linkxg-revocations+jwt"


def read(world: World, by: OAuthClient, query: str = "", **options: Any) -> Answer:
    headers = basic(world.vault, by) | options.pop("headers", {})
    return world.api.get(PATH + query, headers=headers, **options)


def claims(answer: Answer) -> dict[str, Any]:
    return answer.expect(200).object()


def test_a_resource_server_reads_what_is_revoked(world: World) -> None:
    server, oauth = register(world), world.new_client()
    token = get_token(world.api, oauth)
    revoke(world.api, oauth, token).expect(200)
    found = claims(read(world, server, "?nonce=abc_1"))
    assert (found["iss"], found["aud"], found["nonce"]) == (world.server.url, server.client_id, "abc_1")
    assert found["account_id"] == world.account.account_id
    assert found["resource"] == "https://guarded.example/api"
    assert {"kind": "token", "id": decode_unverified(token)[1]["jti"]} in found["entries"]
    assert abs(found["iat"] - time.time()) < 5
    assert [key["kid"] for key in found["keys"]] == [key["kid"] for key in world.server.signing_keys()]


def test_the_document_is_signed_with_a_key_of_the_client_where_tokens_are_signed_with_a_secret(world: World) -> None:
    server = register(world)
    answer = read(world, server).expect(200)
    header, payload, signature = (answer.header("jws-signature") or "").split(".")
    assert (json.loads(decode(header)), payload) == ({"alg": "HS256", "typ": TYPE}, "")
    key = hmac.digest(
        hashlib.sha256(server.client_secret.encode()).digest(), f"{TYPE} {server.client_id}".encode(), "sha256"
    )
    expected = hmac.digest(key, f"{header}.{encode(answer.body)}".encode(), "sha256")
    assert hmac.compare_digest(expected, decode(signature))


def test_only_resource_servers_may_read_it(world: World) -> None:
    read(world, world.oauth).expect(403, "access_denied")
    world.api.get(PATH).expect(401, "invalid_client")
    world.api.get(PATH, bearer=world.token()).expect(401, "invalid_client")
    wrong = OAuthClient(register(world).client_id, "wrong", "", "")
    read(world, wrong).expect(401, "invalid_client")


def test_an_account_sees_only_its_own_revocations(world: World) -> None:
    """Security rule 66: not even how many another account has."""
    other = make_resource_server(world.api, world.other_owner, f"https://other.example/{time.time_ns()}")
    before = claims(read(world, other))
    revoke(world.api, world.oauth, world.token()).expect(200)
    after = claims(read(world, other))
    assert (after["version"], after["entries"]) == (before["version"], before["entries"])
    assert after["account_id"] == world.other.account_id


def test_a_known_version_is_confirmed_with_a_signature_or_by_its_etag(world: World) -> None:
    server = register(world)
    first = read(world, server)
    version = claims(first)["version"]
    again = claims(read(world, server, f"?after={version}"))
    assert (again["version"], "entries" in again) == (version, False)
    assert first.header("etag") == f'"{version}"'
    assert read(world, server, headers={"If-None-Match": f'"{version}"'}).status == 304
    assert "entries" in claims(read(world, server, "?after=another"))


def test_a_held_request_ends_with_the_revocation(world: World) -> None:
    server, oauth = register(world), world.new_client()
    token = get_token(world.api, oauth)
    version = claims(read(world, server))["version"]
    found: list[tuple[float, dict[str, Any]]] = []

    def hold() -> None:
        found.append((time.monotonic(), claims(read(world, server, f"?after={version}&wait=20"))))
        found.append((time.monotonic(), {}))

    holder = threading.Thread(target=hold)
    holder.start()
    time.sleep(0.5)
    revoked_at = time.monotonic()
    revoke(world.api, oauth, token).expect(200)
    holder.join(10)
    assert not holder.is_alive()
    assert found[1][0] - revoked_at < 1.0
    assert decode_unverified(token)[1]["jti"] in {entry["id"] for entry in found[0][1]["entries"]}


def test_a_held_request_without_news_ends_in_time(world: World) -> None:
    server = make_resource_server(world.api, world.other_owner, f"https://quiet.example/{time.time_ns()}")
    version = claims(read(world, server))["version"]
    began = time.monotonic()
    found = claims(read(world, server, f"?after={version}&wait=1"))
    assert (found["version"], "entries" in found) == (version, False)
    assert 0.9 < time.monotonic() - began < 3


def test_a_held_request_of_a_client_that_is_disabled_meanwhile_is_refused(world: World) -> None:
    resource = f"https://disabled.example/{time.time_ns()}"
    server = make_resource_server(world.api, world.owner, resource)
    version = claims(read(world, server))["version"]
    found: list[Answer] = []
    holder = threading.Thread(target=lambda: found.append(read(world, server, f"?after={version}&wait=20")))
    holder.start()
    time.sleep(0.5)
    path = f"/oauth/clients/{server.client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    holder.join(10)
    assert [answer.status for answer in found] == [401]


def test_a_client_that_changes_without_losing_rights_revokes_nothing(world: World) -> None:
    server, oauth = register(world), world.new_client()
    token = get_token(world.api, oauth)
    rotate(world.api, oauth, world.owner.access).expect(200)
    for entry in claims(read(world, server))["entries"]:
        if entry["id"] == oauth.client_id:
            assert entry.get("epoch", 0) <= decode_unverified(token)[1].get("epoch", 0)


def test_malformed_parameters_are_refused(world: World) -> None:
    server = register(world)
    for query in ("?wait=31", "?wait=-1", "?wait=x", "?nonce=a%20b", f"?nonce={'a' * 65}", "?since=1"):
        answer = read(world, server, query)
        assert (answer.status, answer.error) == (400, "invalid_request"), query


def test_tokens_are_for_the_resource_that_was_asked_for(world: World) -> None:
    """Security rule 122 (RFC 8707)."""
    resource, oauth = f"https://asked.example/{time.time_ns()}", world.new_client()
    server = make_resource_server(world.api, world.owner, resource)
    token = request_token(world.api, oauth, resource=resource).expect(200).object()["access_token"]
    assert decode_unverified(token)[1]["aud"] == resource
    world.api.get("/products", bearer=token).expect(401, "invalid_token")
    own = request_token(world.api, oauth, resource=f"{world.server.url}/api/v1").expect(200).object()["access_token"]
    world.api.get("/products", bearer=own).expect(200)
    for unknown in ("https://unknown.example", f"{resource}/", "x", f"{resource} {resource}"):
        request_token(world.api, oauth, resource=unknown).expect(400, "invalid_target")
    request_token(world.api, server).expect(400, "unauthorized_client")
    request_token(world.api, world.other_oauth, resource=resource).expect(400, "invalid_target")


def test_a_disabled_or_deleted_resource_server_is_no_target(world: World) -> None:
    resource = f"https://short-lived.example/{time.time_ns()}"
    server, oauth = make_resource_server(world.api, world.owner, resource), world.oauth
    path = f"/oauth/clients/{server.client_id}"
    request_token(world.api, oauth, resource=resource).expect(200)
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    request_token(world.api, oauth, resource=resource).expect(400, "invalid_target")
    world.api.patch(path, bearer=world.owner.access, json={"disabled": False}).expect(200)
    request_token(world.api, oauth, resource=resource).expect(200)
    world.api.delete(path, bearer=world.owner.access).expect(204)
    request_token(world.api, oauth, resource=resource).expect(400, "invalid_target")
