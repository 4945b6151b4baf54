"""People are created, read, replaced, changed and removed by SCIM (RFC 7644 §3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from harness.people import accept, invite, login, me
from harness.world import World
from scim.provider import BASE, PATCH, SEARCH, USER, Provider, new_provider


def test_a_created_person_is_what_the_identity_provider_sent(world: World, provider: Provider) -> None:
    address = provider.address()
    sent = provider.user(
        userName=address,
        externalId="00u1",
        name={"givenName": "Anna", "familyName": "Berg", "formatted": "Anna Berg", "honorificPrefix": "Dr"},
        displayName="Anna",
        emails=[{"value": address, "type": "work", "primary": True}, {"value": "a@home.test", "type": "home"}],
        roles=[{"value": "viewer"}],
        active=True,
        password="never to be stored 123",
        title="Engineer",
    )
    answer = provider.request("POST", "/Users", json=sent).expect(201)
    made = answer.object()
    assert made["userName"] == address
    assert made["schemas"] == [USER]
    assert (made["externalId"], made["displayName"], made["active"]) == ("00u1", "Anna", True)
    assert made["name"] == {"givenName": "Anna", "familyName": "Berg", "formatted": "Anna Berg"}
    assert [one["value"] for one in made["emails"]] == [address, "a@home.test"]
    assert made["roles"] == [{"value": "VIEWER", "primary": True}]
    assert made.keys().isdisjoint({"password", "title"})
    meta = made["meta"]
    assert answer.header("location") == meta["location"]
    assert answer.header("etag") == meta["version"]
    assert meta["location"].endswith(f"/scim/v2/Users/{made['id']}")
    read = provider.get(f"/Users/{made['id']}").expect(200)
    assert read.object() == made
    people = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    assert next(one["role"] for one in people if one["id"] == made["id"]) == "VIEWER"
    login(world.api, address, "never to be stored 123").expect(401, "invalid_credentials")


def test_a_username_in_use_is_a_conflict_in_any_account(world: World, provider: Provider) -> None:
    """The answers do not tell whose it is."""
    mine, theirs = provider.address(), provider.address()
    provider.create(userName=mine)
    _, token = invite(world.api, world.other_owner, "MEMBER", theirs)
    accept(world.api, token, world.vault.password()).expect(201)
    own = provider.request("POST", "/Users", json=provider.user(userName=mine.upper())).expect(409, "uniqueness")
    foreign = provider.request("POST", "/Users", json=provider.user(userName=theirs)).expect(409, "uniqueness")
    assert own.object() == foreign.object()


def member(world: World, user_id: str) -> dict[str, Any]:
    """The person as Owners and Admins see them."""
    people: list[dict[str, Any]] = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    return next(one for one in people if one["id"] == user_id)


def test_a_person_is_called_as_the_identity_provider_says(world: World, provider: Provider) -> None:
    """displayName, else name.formatted, else the parts; what is no name is passed over."""
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"displayName": "Anna B.", "name": {"formatted": "Anna Berg"}}, "Anna B."),
        ({"displayName": "x" * 121, "name": {"formatted": "Anna Berg"}}, "Anna Berg"),
        ({"name": {"givenName": "Anna", "familyName": "Berg"}}, "Anna Berg"),
        ({"name": {"familyName": "Berg"}}, "Berg"),
        ({"displayName": "=?utf-8?q?a?="}, None),
        ({}, None),
    ]
    for sent, name in cases:
        assert member(world, provider.create(**sent)["id"])["name"] == name, sent


def test_a_name_that_the_person_chose_stays_until_another_is_sent(world: World, provider: Provider) -> None:
    session = world.session()
    user_id, bearer = session.person.user_id, session.access
    body = provider.user(userName=session.person.email, displayName="Anna Berg")
    provider.put(user_id, json=body).expect(200)
    assert member(world, user_id)["name"] == "Anna Berg"
    world.api.patch("/auth/me", bearer=bearer, json={"name": "Anna"}).expect(200)
    provider.put(user_id, json=body).expect(200)
    provider.patch(user_id, {"op": "add", "path": "externalId", "value": "7"}).expect(200)
    assert member(world, user_id)["name"] == "Anna"
    provider.patch(user_id, {"op": "replace", "path": "displayName", "value": "Anna Sund"}).expect(200)
    assert member(world, user_id)["name"] == "Anna Sund"
    provider.patch(user_id, {"op": "remove", "path": "displayName"}).expect(200)
    assert member(world, user_id)["name"] is None


def test_language_and_time_zone_are_the_persons(world: World, provider: Provider) -> None:
    session = world.session()
    user_id = session.person.user_id

    def shown(**sent: Any) -> tuple[Any, Any]:
        body = provider.user(userName=session.person.email, **sent)
        put = provider.put(user_id, json=body).expect(200).object()
        own = me(world.api, session.access).expect(200).data()
        assert (put.get("preferredLanguage"), put.get("timezone")) == (own["language"], own["timeZone"])
        return own["language"], own["timeZone"]

    assert shown(preferredLanguage="de", timezone="Europe/Berlin", locale="en-US") == ("de", "Europe/Berlin")
    assert shown() == ("de", "Europe/Berlin")
    assert shown(locale="sv_SE") == ("sv-SE", "Europe/Berlin")
    assert shown(preferredLanguage="x, pt-br;q=0.9, en") == ("pt-BR", "Europe/Berlin")
    # What is not valid is ignored: nobody stays because of it.
    for wrong in ("W. Europe Standard Time", "", 5, {"a": 1}, ["de"], "x" * 500, "\n"):
        expected = (None, None) if wrong == "" else ("pt-BR", "Europe/Berlin")
        assert shown(preferredLanguage=wrong, timezone=wrong, locale=wrong) == expected, wrong
        shown(preferredLanguage="pt-BR", timezone="Europe/Berlin")
    changed = provider.patch(
        user_id,
        {"op": "replace", "path": "timezone", "value": "Asia/Tokyo"},
        {"op": "remove", "path": "preferredLanguage"},
        {"op": "add", "value": {"urn:ietf:params:scim:schemas:core:2.0:User:locale": "fr-FR"}},
    ).expect(200).object()  # fmt: skip
    assert changed["timezone"] == "Asia/Tokyo"


def test_replacing_twice_changes_nothing_the_second_time(provider: Provider) -> None:
    made = provider.create(displayName="A", externalId="1", name={"givenName": "A"})
    body = provider.user(userName=made["userName"], displayName="B", name={"familyName": "B"})
    first = provider.put(made["id"], json=body).expect(200).object()
    assert "externalId" not in first
    assert first["name"] == {"familyName": "B"}
    assert first["active"] is True
    assert first["meta"]["version"] != made["meta"]["version"]
    assert provider.put(made["id"], json=body).expect(200).object() == first


def test_replacing_without_active_does_not_reactivate(provider: Provider) -> None:
    made = provider.create(active=False)
    assert made["active"] is False
    assert (
        provider.put(made["id"], json=provider.user(userName=made["userName"])).expect(200).object()["active"] is False
    )
    assert (
        provider.put(made["id"], json=provider.user(userName=made["userName"], active=True)).object()["active"] is True
    )


def test_a_removed_person_is_gone(world: World, provider: Provider) -> None:
    person = world.session()
    provider.request("DELETE", f"/Users/{person.person.user_id}").expect(204)
    provider.get(f"/Users/{person.person.user_id}").expect(404, "scim")
    provider.request("DELETE", f"/Users/{person.person.user_id}").expect(404, "scim")
    me(world.api, person.access).expect(401, "invalid_token")


def test_lists_are_paged(provider: Provider) -> None:
    mark = provider.address()[:12]
    made = [provider.create(displayName=f"Page {mark} {n}")["id"] for n in range(5)]
    text = quote(f'displayName sw "page {mark}"')
    assert [one["id"] for one in provider.find(f'displayName co "{mark}"')] == made
    seen = []
    for start in (1, 3, 5):
        page = provider.get(f"/Users?filter={text}&startIndex={start}&count=2").expect(200).object()
        assert (page["totalResults"], page["startIndex"]) == (5, start)
        assert page["itemsPerPage"] == len(page["Resources"])
        seen += [one["id"] for one in page["Resources"]]
    assert seen == made
    assert provider.get(f"/Users?filter={text}&count=0").expect(200).object()["Resources"] == []
    assert provider.get(f"/Users?filter={text}&startIndex=-3&count=-1").expect(200).object()["totalResults"] == 5
    assert provider.get("/Users?startIndex=999999999").expect(200).object()["Resources"] == []
    assert provider.get("/Users?sortBy=userName&sortOrder=descending").expect(200)
    provider.get("/Users?startIndex=x").expect(400, "invalidSyntax")


def test_attributes_are_projected(provider: Provider) -> None:
    made = provider.create(name={"givenName": "A", "familyName": "B"})
    some = provider.get(f"/Users/{made['id']}?attributes=userName,name.givenName").expect(200).object()
    assert some == {
        "schemas": [USER], "id": made["id"], "userName": made["userName"], "name": {"givenName": "A"},
    }  # fmt: skip
    rest = provider.get(f"/Users/{made['id']}?excludedAttributes=emails,meta").expect(200).object()
    assert rest == {name: value for name, value in made.items() if name not in ("emails", "meta")}


@pytest.mark.parametrize("name", ["attributes", "excludedAttributes"])
def test_the_number_of_projected_attributes_is_bounded(provider: Provider, name: str) -> None:
    """Each is compared with each attribute of each person of the page."""
    names = [f"name.part{number}" for number in range(51)]
    path = f"/Users?count=1&{name}="
    provider.get(path + ",".join(names[:50])).expect(200)
    provider.get(path + ",".join(names)).expect(400, "invalidSyntax")
    body = {"schemas": [SEARCH], "count": 1, name: names}
    provider.request("POST", "/Users/.search", json=body).expect(400, "invalidSyntax")


def test_filters_select(provider: Provider) -> None:
    mark = provider.address()[:12]
    one = provider.create(externalId=f"ext-{mark}", displayName=f"Ä {mark}", name={"givenName": "Åsa"})
    two = provider.create(displayName=mark, active=False, roles=[{"value": "ADMIN"}])
    both = [one["id"], two["id"]]
    of_these = f'displayName co "{mark}" and '

    def ids(text: str) -> list[str]:
        return [found["id"] for found in provider.find(text)]

    assert ids(f'userName eq "{one["userName"].upper()}"') == [one["id"]]
    assert ids(f'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "{one["userName"]}"') == [one["id"]]
    assert ids(f'externalId eq "ext-{mark}"') == [one["id"]]
    assert ids(f'externalId eq "EXT-{mark}"') == []
    assert ids(f'id eq "{two["id"]}"') == [two["id"]]
    assert ids(f"{of_these}active eq true") == [one["id"]]
    assert ids(f'{of_these}active eq "False"') == [two["id"]]
    assert ids(f"{of_these}not (active eq true)") == [two["id"]]
    assert ids(f"{of_these}externalId pr") == [one["id"]]
    assert ids(f"{of_these}externalId ne null") == [one["id"]]
    assert ids(f'{of_these}externalId ne "x"') == both
    assert ids(f'{of_these}roles.value eq "admin"') == [two["id"]]
    assert ids(f'{of_these}roles[value eq "ADMIN"]') == [two["id"]]
    assert ids(f'{of_these}(active eq false or name.givenName eq "Åsa")') == both
    assert ids(f'{of_these}meta.created gt "2020-01-01T00:00:00Z"') == both
    assert ids(f'{of_these}meta.lastModified lt "2020-01-01T00:00:00Z"') == []
    assert ids(f'displayName ew "%{mark[1:]}"') == []


def test_unsupported_filters_are_refused(provider: Provider) -> None:
    wrong = [
        'title eq "x"', "userName", 'userName eq "x', "userName eq x", "active gt true", '(userName eq "a"',
        'userName eq "a" userName eq "b"', 'emails[type eq "work" and value co "@"]', 'meta.created gt "yesterday"',
        "not userName pr", " ", "()", "and", 'userName regex "a"', 'a[b[c eq "x"]]', 'userName eq {"a":1}',
        " or ".join(["active pr"] * 21), "(" * 9 + "active pr" + ")" * 9, "userName eq 5", 'x eq "\\ud800"',
    ]  # fmt: skip
    for text in wrong:
        body = {"schemas": [SEARCH], "filter": text}
        answer = provider.request("POST", "/Users/.search", json=body)
        assert (answer.status, answer.error) == (400, "invalidFilter"), text


def test_conditional_requests(provider: Provider) -> None:
    made = provider.create()
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    provider.get(path, headers=[("If-None-Match", version)]).expect(304)
    body = provider.user(userName=made["userName"], displayName="B")
    changed = provider.request("PUT", path, json=body, headers=[("If-Match", version)]).expect(200).object()
    provider.request("PUT", path, json=body, headers=[("If-Match", version)]).expect(412, "scim")
    provider.request("DELETE", path, headers=[("If-Match", version)]).expect(412, "scim")
    provider.request("DELETE", path, headers=[("If-Match", changed["meta"]["version"])]).expect(204)


def test_what_is_supported_is_described(provider: Provider) -> None:
    config = provider.get("/ServiceProviderConfig").expect(200).object()
    assert config["patch"]["supported"] is config["filter"]["supported"] is config["etag"]["supported"] is True
    assert config["sort"]["supported"] is config["bulk"]["supported"] is config["changePassword"]["supported"] is False
    kinds = provider.get("/ResourceTypes").expect(200).object()["Resources"]
    assert kinds == [provider.get("/ResourceTypes/User").expect(200).object()]
    schemas = provider.get("/Schemas").expect(200).object()["Resources"]
    assert schemas == [provider.get(f"/Schemas/{USER}").expect(200).object()]
    for path in ("/ResourceTypes/Group", "/Schemas/x", "/Groups", "/nothing"):
        provider.get(path).expect(404, "scim")
    for method in ("GET", "POST", "PATCH", "DELETE"):
        provider.request(method, "/Me").expect(501, "scim")
    provider.request("POST", "/Bulk", json={}).expect(501, "scim")
    provider.request("PUT", "/Users", json={}).expect(405, "scim")


def test_another_account_sees_nothing(world: World, provider: Provider) -> None:
    """Security rule 178."""
    made = provider.create(externalId="tenant")
    other = new_provider(world, world.other_owner)
    path = f"/Users/{made['id']}"
    other.get(path).expect(404, "scim")
    other.put(made["id"], json=provider.user(userName=made["userName"])).expect(404, "scim")
    other.deactivate(made["id"]).expect(404, "scim")
    other.request("DELETE", path).expect(404, "scim")
    assert other.find(f'id eq "{made["id"]}" or userName eq "{made["userName"]}"') == []
    assert made["id"] not in {one["id"] for one in other.get("/Users").expect(200).object()["Resources"]}
    assert provider.get(path).expect(200).object() == made


def test_malformed_bodies_are_refused(provider: Provider) -> None:
    made = provider.create()
    path, user = f"/Users/{made['id']}", provider.user
    bodies: list[Any] = [
        [], "x", None, 1, {}, {"schemas": USER}, {"schemas": [PATCH]}, user(userName=None), user(userName="no address"),
        user(userName=["a"]), user(active="yes"), user(active=1), user(name="Anna"), user(emails=[[1]]), user(name=[1]),
        user(emails=[{"value": "a@b.test"}] * 11), user(displayName="x" * 201), user(displayName="a\nb"),
        user(roles=[{"value": "KING"}]), user(roles=5), user(externalId={"a": 1}), user(externalId="x" * 256),
        user(USERNAME="twice@example.test"), user(emails=[{"value": "a", "primary": "maybe"}]),
    ]  # fmt: skip
    for body in bodies:
        for method, address in (("POST", "/Users"), ("PUT", path)):
            answer = provider.request(method, address, json=body) if body is not None else provider.request(
                method, address, content=b"null"
            )  # fmt: skip
            assert answer.status == 400, (body, answer)
    provider.request("POST", "/Users", content=b"{").expect(400, "invalidSyntax")
    provider.request("POST", "/Users", content=b'{"a":1,"a":2}').expect(400, "invalidSyntax")
    provider.request("POST", "/Users", json={}, headers=[("Content-Type", "text/plain")]).expect(415, "scim")
    assert provider.api.post(f"{BASE}/Users", bearer=provider.token, json=provider.user()).status == 201
    assert provider.get(path).expect(200).object() == made
