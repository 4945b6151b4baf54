"""Attacks on the password reset. Security rules 148 to 153."""

from __future__ import annotations

import base64
import statistics
from typing import Any

import pytest

from attacks.cases import case, raw_request
from harness.people import Person, login, new_email, sign_in
from harness.rows import rows
from harness.vault import with_a_typo
from harness.world import World
from linkxg.crypto.secrets import digest, new_secret
from password_reset.links import ask, complete, link_for, make_link

COMPLETE = "/auth/password-reset/complete"
JSON = [("Content-Type", "application/json")]


@pytest.mark.parametrize(
    "forge",
    [
        case(149, "another last character", with_a_typo),
        case(149, "without its checksum", lambda token: token[:-6]),
        case(149, "with a space", lambda token: token + " "),
        case(149, "in another case", lambda token: token.swapcase()),
        case(149, "as another kind", lambda token: token.replace("lxgrst_", "lxginv_")),
        case(149, "a link of nobody", lambda token: new_secret("lxgrst_")),
        case(149, "its digest", lambda token: digest(token).hex()),
        case(149, "its digest in base64", lambda token: base64.b64encode(digest(token)).decode()),
        case(149, "a wildcard", lambda token: "%"),
    ],
)  # fmt: skip
def test_a_forged_link_changes_nothing(world: World, forge: Any) -> None:
    person = world.person()
    token = link_for(world, person)
    forged = forge(token)
    if forged.startswith("lxg"):
        world.vault.remember("forged link", forged)
    complete(world.api, forged, world.vault.password()).expect(404, "not_found")
    sign_in(world.api, person)
    complete(world.api, token, world.vault.password()).expect(200)


@pytest.mark.parametrize(
    "body",
    [
        case(149, "the token twice", '{"token":"none","token":"%s","newPassword":"quiet river under the bridge"}'),
        case(149, "a list of tokens", '{"token":["%s"],"newPassword":"quiet river under the bridge"}'),
        case(149, "a member too many", '{"token":"%s","newPassword":"quiet river under a bridge","email":"a@b.c"}'),
        case(149, "no password", '{"token":"%s"}'),
        case(149, "a null password", '{"token":"%s","newPassword":null}'),
    ],
)  # fmt: skip
def test_a_malformed_body_uses_no_link(world: World, body: str) -> None:
    person = world.person()
    token = link_for(world, person)
    raw_request(world, "POST", "/api/v1" + COMPLETE, JSON, (body % token).encode()).expect(400, "invalid_request")
    complete(world.api, token, world.vault.password()).expect(200)


def test_rule_149_a_link_is_used_only_where_its_body_says(world: World) -> None:
    """In the query it would be in the logs of every proxy."""
    token = link_for(world, world.person())
    new = world.vault.password()
    world.api.post(f"{COMPLETE}?token={token}", json={"newPassword": new}, headers=()).expect(400, "invalid_request")
    world.api.post(COMPLETE, form={"token": token, "newPassword": new}).expect(400, "invalid_request")
    complete(world.api, token, new).expect(200)


def test_rule_149_a_password_that_is_refused_is_named_and_uses_no_link(world: World) -> None:
    token, new = link_for(world, world.person()), world.vault.password()
    refused = complete(world.api, token, "short").expect(422, "validation_failed")
    details = refused.object()["details"]
    assert [(detail["field"], detail["code"]) for detail in details] == [("newPassword", "too_short")]
    complete(world.api, token, new).expect(200)


def test_rule_149_a_link_is_no_other_credential(world: World) -> None:
    person = world.person()
    token = link_for(world, person)
    world.api.get("/auth/me", bearer=token).expect(401, "invalid_token")
    world.api.post("/auth/refresh", json={"refreshToken": token}).expect(401, "invalid_token")
    world.api.post(f"/invitations/{token}/accept", json={"password": world.vault.password()}).expect(404, "not_found")
    login(world.api, person.email, token).expect(401, "invalid_credentials")
    session = sign_in(world.api, person)
    for other in (session.access, session.refresh):
        complete(world.api, other, world.vault.password()).expect(404, "not_found")


def test_rule_148_a_known_address_costs_as_much_time(world: World) -> None:
    person = world.person()
    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(40):
        seconds["known"].append(ask(world.api, person.email).expect(200).seconds)
        seconds["unknown"].append(ask(world.api, new_email()).expect(200).seconds)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()) + 0.002, medians


@pytest.mark.parametrize(
    "email",
    [
        case(148, "a second recipient", "victim@example.test,evil@example.test"),
        case(148, "a line break", "victim@example.test\r\nBcc: evil@example.test"),
        case(148, "a name before it", "Victim <victim@example.test>"),
        case(148, "an encoded word", "=?utf-8?q?victim?=@example.test"),
        case(148, "a quoted local part", '"victim@example.test"@evil.test'),
        case(148, "a list", ["victim@example.test", "evil@example.test"]),
        case(148, "an object", {"$ne": ""}),
        case(148, "two at signs", "victim@evil.test@example.test"),
    ],
)
def test_an_email_that_is_not_one_address_is_rejected(world: World, email: Any) -> None:
    """A list would mail somebody's link to somebody else."""
    world.api.post("/auth/password-reset", json={"email": email}).expect(400, "invalid_request")


def test_rule_148_the_host_of_the_link_is_not_that_of_the_request(world: World) -> None:
    made = make_link(world, world.person(), world.owner, headers={"X-Forwarded-Host": "evil.test"}).expect(201).data()
    assert "evil.test" not in made["link"]


def test_rule_153_no_digest_of_another_secret_is_stored(world: World) -> None:
    """What is stored is the SHA-256 of the token, and nothing of it."""
    person = world.person()
    token = link_for(world, person)
    found = rows(world.server.database, f"select * from password_resets where user_id = '{person.user_id}'")
    assert len(found) == 1
    assert not any(token[7:43] in value for value in found[0])


def test_rule_150_a_link_does_not_outlive_the_password_that_it_replaces(world: World) -> None:
    """The person remembered it, and changed it: whoever finds the link later has nothing."""
    person = world.person()
    token, session, new = link_for(world, person), sign_in(world.api, person), world.vault.password()
    body = {"currentPassword": person.password, "newPassword": new}
    world.api.post("/auth/password", bearer=session.access, json=body).expect(200)
    complete(world.api, token, world.vault.password()).expect(404, "not_found")
    sign_in(world.api, Person(person.user_id, person.email, new, person.role))


def test_rule_151_a_reset_enables_nobody(world: World) -> None:
    person = world.person()
    token = link_for(world, person)
    path = f"/account/users/{person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    complete(world.api, token, world.vault.password()).expect(404, "not_found")
    login(world.api, person.email, person.password).expect(401, "invalid_credentials")


def test_rule_152_requests_delay_no_sign_in(world: World) -> None:
    person = world.person()
    for _ in range(30):
        ask(world.api, person.email).expect(200)
    assert sign_in(world.api, person).access
