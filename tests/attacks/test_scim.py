"""Attacks on SCIM: what its token opens, what opens it, Owners, leavers, hostile bodies. Security rules 172 to 178."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.people import add_person, invite, login, me, refresh, sign_in
from harness.vault import with_a_typo
from harness.world import World
from network.partners import new_account
from scim.provider import PATCH, SEARCH, USER, Provider, end_tokens, new_provider


@pytest.fixture
def provider(world: World) -> Iterator[Provider]:
    yield new_provider(world)
    end_tokens(world)


def test_rule_172_a_scim_token_opens_nothing_else(world: World, provider: Provider) -> None:
    for path in ("/auth/me", "/account", "/account/users", "/account/scim-tokens", "/products", "/oauth/clients"):
        world.api.get(path, bearer=provider.token).expect(401, "invalid_token")
    refresh(world.api, provider.token).expect(401, "invalid_token")
    inspected = world.api.post(
        "/oauth/introspect",
        form={"token": provider.token, "client_id": world.oauth.client_id, "client_secret": world.oauth.client_secret},
    )
    assert inspected.expect(200).object() == {"active": False}


def test_rule_172_nothing_else_opens_scim(world: World, provider: Provider) -> None:
    _, invitation = invite(world.api, world.owner, "MEMBER")
    wrong = [
        world.owner.access, world.owner.refresh, world.token(), world.oauth.client_secret, invitation,
        with_a_typo(provider.token), provider.token.upper(), f"{provider.token}x", provider.token_id, "x" * 4_000,
    ]  # fmt: skip
    bodies = set()
    for token in wrong:
        answer = provider.get("/Users", bearer=token).expect(401, "scim")
        assert 'error="invalid_token"' in (answer.header("www-authenticate") or "")
        bodies.add(answer.body)
    assert len(bodies) == 1
    none = world.api.request("GET", "//scim/v2/Users").expect(401, "scim")
    assert none.header("www-authenticate") == 'Bearer realm="linkxg"'
    basic = world.api.request("GET", "//scim/v2/Users", headers=[("Authorization", f"Basic {provider.token}")])
    basic.expect(401, "scim")
    world.api.request("GET", f"//scim/v2/Users?access_token={provider.token}").expect(401, "scim")


def test_rule_172_every_scim_route_needs_the_token(world: World) -> None:
    """Before anything of the body is read."""
    for method, path in (
        ("GET", "/ServiceProviderConfig"), ("GET", "/ResourceTypes"), ("GET", "/Schemas"), ("GET", "/Users"),
        ("POST", "/Users"), ("POST", "/Users/.search"), ("GET", f"/Users/{uuid4()}"), ("PUT", f"/Users/{uuid4()}"),
        ("PATCH", f"/Users/{uuid4()}"), ("DELETE", f"/Users/{uuid4()}"), ("GET", "/Me"), ("POST", "/Bulk"),
    ):  # fmt: skip
        world.api.request(method, f"//scim/v2{path}", content=b"{").expect(401, "scim")


def test_rule_173_only_owners_manage_scim_tokens(world: World) -> None:
    for role in ("ADMIN", "MEMBER"):
        session = world.session(role).access
        world.api.get("/account/scim-tokens", bearer=session).expect(403, "access_denied")
        world.api.post("/account/scim-tokens", bearer=session, json={"name": "x"}).expect(403, "access_denied")
        world.api.delete(f"/account/scim-tokens/{uuid4()}", bearer=session).expect(403, "access_denied")
    world.api.get("/account/scim-tokens", bearer=world.token()).expect(403, "access_denied")


def test_rule_173_a_token_is_shown_once_and_two_are_live(world: World, provider: Provider) -> None:
    """A replay with the key shows the same one, while it is live."""
    api, owner = world.api, world.owner.access
    keyed = {"Idempotency-Key": str(uuid4())}
    body = {"name": "Rotation", "expiresAt": "2035-01-01T00:00:00Z"}
    second = api.post("/account/scim-tokens", bearer=owner, json=body, headers=keyed, reveals=True).expect(201).data()
    world.vault.remember("SCIM token", second["token"])
    again = api.post("/account/scim-tokens", bearer=owner, json=body, headers=keyed, repeats=True).expect(201)
    assert again.data() == second
    api.post("/account/scim-tokens", bearer=owner, json=body).expect(409, "conflict")
    listed = api.get("/account/scim-tokens", bearer=owner).expect(200).data()
    assert [one["id"] for one in listed] == [provider.token_id, second["id"]]
    assert all("token" not in one for one in listed)
    for wrong in ({"name": ""}, {"name": "x" * 101}, {"name": "a", "expiresAt": "2020-01-01T00:00:00Z"}):
        api.post("/account/scim-tokens", bearer=owner, json=wrong).expect(422, "validation_failed")
    api.delete(f"/account/scim-tokens/{second['id']}", bearer=owner).expect(204)
    api.post("/account/scim-tokens", bearer=owner, json=body, headers=keyed).expect(409, "conflict")
    api.delete(f"/account/scim-tokens/{provider.token_id}", bearer=world.other_owner.access).expect(404, "not_found")


def test_rule_174_a_revoked_token_serves_no_further_request(world: World, provider: Provider) -> None:
    provider.get("/Users?count=1").expect(200)
    (listed,) = world.api.get("/account/scim-tokens", bearer=world.owner.access).expect(200).data()
    assert listed["lastUsedAt"] is not None
    world.api.delete(f"/account/scim-tokens/{provider.token_id}", bearer=world.owner.access).expect(204)
    for _ in range(8):
        provider.get("/Users?count=1").expect(401, "scim")
        provider.request("POST", "/Users", json=provider.user()).expect(401, "scim")


def test_rule_175_a_leaver_is_out_at_once(world: World, provider: Provider) -> None:
    person = world.person()
    sessions = [sign_in(world.api, person) for _ in range(2)]
    assert provider.deactivate(person.user_id).expect(200).object()["active"] is False
    for session in sessions:
        me(world.api, session.access).expect(401, "invalid_token")
        refresh(world.api, session.refresh).expect(401, "invalid_token")
    login(world.api, person.email, person.password).expect(401, "invalid_credentials")
    provider.patch(person.user_id, {"op": "Replace", "path": "active", "value": "True"}).expect(200)
    sign_in(world.api, person)
    event = world.api.get("/account/audit-events?action=user.disabled", bearer=world.owner.access).expect(200)
    newest = event.object()["data"][0]
    assert (newest["actorKind"], newest["actorId"], newest["target"]) == ("scim", provider.token_id, person.user_id)
    assert newest["details"]["token_name"] == "IdP"


def test_rule_175_a_renamed_person_signs_in_by_the_new_address(world: World, provider: Provider) -> None:
    person = world.person()
    session = sign_in(world.api, person)
    address = provider.user()["userName"]
    provider.patch(person.user_id, {"op": "replace", "path": "userName", "value": address}).expect(200)
    me(world.api, session.access).expect(401, "invalid_token")
    login(world.api, person.email, person.password).expect(401, "invalid_credentials")
    login(world.api, address, person.password).expect(200)
    taken = {"op": "replace", "path": "userName", "value": provider.create()["userName"]}
    provider.patch(person.user_id, taken).expect(409, "uniqueness")


def test_rule_176_owners_are_protected(world: World, provider: Provider) -> None:
    second = add_person(world.api, world.owner, "OWNER")
    session = sign_in(world.api, second)
    role = {"op": "replace", "path": "roles", "value": [{"value": "VIEWER"}]}
    provider.patch(second.user_id, role).expect(403, "scim")
    provider.patch(second.user_id, {"op": "replace", "path": "userName", "value": provider.user()["userName"]}).expect(
        403, "scim"
    )
    provider.put(second.user_id, json=provider.user()).expect(403, "scim")
    provider.request("DELETE", f"/Users/{second.user_id}").expect(403, "scim")
    me(world.api, session.access).expect(200)
    provider.patch(second.user_id, {"op": "add", "path": "externalId", "value": "kept"}).expect(200)
    me(world.api, session.access).expect(200)
    # Whatever else the body says: the leaver is out.
    left = (
        provider.patch(second.user_id, role, {"op": "replace", "path": "active", "value": False}).expect(200).object()
    )
    assert (left["active"], left["roles"][0]["value"]) == (False, "OWNER")
    me(world.api, session.access).expect(401, "invalid_token")
    provider.patch(second.user_id, {"op": "replace", "path": "active", "value": True}).expect(403, "scim")
    world.api.delete(f"/account/users/{second.user_id}", bearer=world.owner.access).expect(204)


def test_rule_176_the_last_owner_stays_and_nobody_becomes_one(world: World, provider: Provider) -> None:
    alone = new_account(world)
    only = new_provider(world, alone)
    owner = me(world.api, alone.access).expect(200).data()["id"]
    only.deactivate(owner).expect(409, "mutability")
    only.request("DELETE", f"/Users/{owner}").expect(403, "scim")
    me(world.api, alone.access).expect(200)
    provider.request("POST", "/Users", json=provider.user(roles=[{"value": "OWNER"}])).expect(403, "scim")
    made = provider.create()
    provider.patch(made["id"], {"op": "add", "path": "roles", "value": "OWNER"}).expect(403, "scim")
    provider.put(made["id"], json=provider.user(userName=made["userName"], roles=["owner"])).expect(403, "scim")
    assert provider.get(f"/Users/{made['id']}").expect(200).object() == made


def test_rule_177_a_password_is_never_used(world: World, provider: Provider) -> None:
    secret = world.vault.password()
    made = provider.create(password=secret)
    provider.patch(made["id"], {"op": "replace", "path": "password", "value": secret}).expect(200)
    provider.patch(made["id"], {"op": "replace", "value": {"password": secret}}).expect(200)
    login(world.api, made["userName"], secret).expect(401, "invalid_credentials")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["work", "True", "ADMIN", USER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from(
    ["active", "userName", "name", "name.givenName", "emails", 'emails[type eq "work"].value', "roles", "emails[", "id",
     'roles[primary eq "True"].value', "meta.created", "", "urn:x:y", 'emails[not (type pr)]', "emails.value"]
) | st.text(max_size=30)  # fmt: skip
OPERATION = st.fixed_dictionaries(
    {}, optional={"op": st.sampled_from(["add", "Replace", "REMOVE"]) | JSON, "path": PATHS | JSON, "value": JSON}
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["name", "emails", "active", "roles", "externalId", "displayName", "userName", "meta"]), JSON
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=st.lists(OPERATION, max_size=4), attributes=ATTRIBUTES, text=st.text(max_size=40), other=JSON)
def test_rule_177_hostile_messages_are_answered(
    provider: Provider, operations: list[Any], attributes: dict[str, Any], text: str, other: Any
) -> None:
    """Held against security rule U1 by the client: no answer is a 5xx."""
    victim = provider.create()["id"]
    for body in ({"schemas": [PATCH], "Operations": operations}, {"schemas": [PATCH], "Operations": other}):
        _send(provider, "PATCH", f"/Users/{victim}", body)
    _send(provider, "PUT", f"/Users/{victim}", provider.user(**attributes))
    _send(provider, "POST", "/Users", {"schemas": [USER], **attributes})
    _send(provider, "POST", "/Users/.search", {"schemas": [SEARCH], "filter": text, "attributes": other})
    _send(provider, "POST", "/Users/.search", {"schemas": [SEARCH], "filter": f'userName eq "{text}"', "count": other})
    provider.request("DELETE", f"/Users/{victim}").expect_one_of((204, None), (403, "scim"))


def _send(provider: Provider, method: str, path: str, body: Any) -> None:
    answer = provider.request(method, path, json=body)
    assert answer.status in (200, 201, 400, 403, 404, 409), answer
    if answer.status == 201:
        provider.request("DELETE", f"/Users/{answer.object()['id']}").expect(204)


@pytest.mark.parametrize(
    "text", ["((((" * 400, 'a eq "' + "\\" * 1_900, "not " * 400, "x" * 2_001, "userName eq " + "9" * 1_500]
)
def test_rule_177_long_filters_are_refused_quickly(world: World, provider: Provider, text: str) -> None:
    with world.server.process.within_cpu_seconds(1):
        answer = provider.request("POST", "/Users/.search", json={"schemas": [SEARCH], "filter": text})
    answer.expect(400, "invalidFilter")
