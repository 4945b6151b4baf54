"""What a passport withholds is opened by links that end, are revoked or work once; every use is recorded.

Security rules 248 and 249.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from harness.answers import JsonObject
from harness.concurrency import concurrently
from harness.people import sign_in
from harness.rows import execute, trail
from harness.world import World
from passports.granting import CONTENT, ask, granted, opened, path_of, until
from passports.reading import CREDENTIAL, JWT, decoded, issued, read_by_id


@pytest.fixture(autouse=True)
def _no_requests(world: World) -> Iterator[None]:
    yield
    execute(world.server.database, "delete from passport_access_requests")


def test_a_link_opens_what_its_roles_may_read_and_nothing_else(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    assert "brand" not in read_by_id(world, passport_id).data()["content"]
    path = path_of(world, granted(world, passport_id))
    offered = world.api.get(path).expect(200).data()
    assert offered["roles"] == ["authority"]
    assert offered["digitalProductPassportId"] == f"{world.server.url}/dpp/{passport_id}"
    answer = opened(world, path).expect(200)
    shown = answer.data()
    assert (shown["content"]["brand"], shown["withheld"]) == ("For authorities", ["modelNumber"])
    assert shown["roles"] == ["authority", "public"]
    assert answer.header("cache-control") == "no-store"
    for accept in (CREDENTIAL, JWT):
        body = opened(world, path, accept).expect(200).body
        text = str(decoded(body.decode())[1]) if accept == JWT else body.decode()
        assert "For authorities" in text
        assert "For recyclers" not in text
    opened(world, path, "image/png").expect(406, "not_acceptable")


def test_a_browser_gets_a_button_and_then_the_page(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    path = path_of(world, granted(world, passport_id, purpose="File <4711>", singleUse=True))
    browser = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "de"}
    answer = world.api.get(path, headers=browser).expect(200)
    assert "File &lt;4711&gt;" in answer.body.decode()
    assert '<form method="post" action="?lang=de">' in answer.body.decode()
    assert "form-action 'self'" in (answer.header("content-security-policy") or "")
    assert answer.header("referrer-policy") == "no-referrer"
    page = world.api.post(path, headers=browser).expect(200)
    assert "For authorities" in page.body.decode()
    assert "For recyclers" not in page.body.decode()
    world.api.post(path).expect(404, "not_found")


def test_a_link_for_a_single_use_opens_once(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    grant = granted(world, passport_id, singleUse=True)
    path = path_of(world, grant)
    for _ in range(2):
        world.api.get(path).expect(200)
    opened(world, path, "image/png").expect(406, "not_acceptable")
    answers = concurrently(partial(opened, world, path) for _ in range(6))
    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404, 404, 404]
    world.api.get(path).expect(404, "not_found")
    (listed,) = grants_of(world, passport_id)
    assert listed["status"] == "USED"
    assert "link" not in listed
    log = world.api.get(f"/dpp/grants/{grant['id']}/accesses", bearer=world.owner.access).expect(200).object()["data"]
    assert [one["version"] for one in log] == [1]


def grants_of(world: World, passport_id: str) -> list[JsonObject]:
    path = f"/dpp/grants?passportId={passport_id}"
    found: list[JsonObject] = world.api.get(path, bearer=world.owner.access).expect(200).object()["data"]
    return found


def test_a_revoked_or_expired_link_opens_nothing(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    revoked, expired = granted(world, passport_id), granted(world, passport_id)
    path = f"/dpp/grants/{revoked['id']}/revoke"
    assert world.api.post(path, bearer=world.owner.access).expect(200).data()["status"] == "REVOKED"
    world.api.post(path, bearer=world.owner.access).expect(409, "invalid_state")
    execute(world.server.database, f"update passport_grants set expires_at = 1 where id = '{expired['id']}'")
    bodies = set()
    for grant in (revoked, expired):
        bodies.add(opened(world, path_of(world, grant)).expect(404, "not_found").object()["error_description"])
    unknown = opened(world, "//dpp/access/lxgdpp_" + "a" * 49).expect(404, "not_found").object()
    assert bodies == {unknown["error_description"]}
    assert [one.action for one in trail(world.server.database, world.account.account_id)][
        -1
    ] == "passport_access.revoked"


@pytest.mark.parametrize(
    "wrong",
    [{"expiresAt": until(367)}, {"expiresAt": "2020-01-01T00:00:00Z"}, {"expiresAt": "soon"}, {"roles": ["owner"]},
     {"roles": ["public"]}, {"roles": []}],
)  # fmt: skip
def test_grants_end_within_a_year_and_have_known_roles(world: World, wrong: JsonObject) -> None:
    _, passport_id = issued(world)
    given = {"roles": ["authority"], "purpose": "P", "recipient": "R", "expiresAt": until(30)} | wrong
    answer = world.api.post(f"/dpp/{passport_id}/grants", bearer=world.owner.access, json=given)
    answer.expect(422, "validation_failed")


def test_anybody_asks_and_the_owner_decides(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    for role in ("legitimateInterest", "authority"):
        ask(world, passport_id, role=role).expect(200)
    path = "/dpp/access-requests?status=PENDING"
    asked = world.api.get(path, bearer=world.owner.access).expect(200).object()["data"]
    assert [one["role"] for one in asked] == ["authority", "legitimateInterest"]
    assert world.api.get(path, bearer=world.other_owner.access).expect(200).object()["data"] == []
    approve, decline = (
        f"/dpp/access-requests/{asked[1]['id']}/approve",
        f"/dpp/access-requests/{asked[0]['id']}/decline",
    )
    key = {"Idempotency-Key": str(asked[1]["id"])}
    given = {"expiresAt": until(10), "singleUse": True}
    world.api.post(approve, bearer=world.other_owner.access, json=given).expect(404, "not_found")
    grant = world.api.post(approve, bearer=world.owner.access, json=given, headers=key, reveals=True).data()
    again = world.api.post(approve, bearer=world.owner.access, json=given, headers=key, repeats=True, reveals=True)
    assert again.expect(200).data()["link"] == grant["link"]
    world.api.post(approve, bearer=world.owner.access, json=given).expect(409, "invalid_state")
    assert [one["id"] for one in grants_of(world, passport_id)] == [grant["id"]], "a refused approval grants nothing"
    assert opened(world, path_of(world, grant)).expect(200).data()["content"]["modelNumber"] == "For recyclers"
    declined = world.api.post(decline, bearer=world.owner.access, json={"reason": "No permit."}).expect(200).data()
    assert (declined["status"], declined["reason"]) == ("DECLINED", "No permit.")
    world.api.post(decline, bearer=world.owner.access, json={}).expect(409, "invalid_state")


def test_what_is_asked_is_complete(world: World) -> None:
    _, passport_id = issued(world)
    for wrong in ({"role": "owner"}, {"purpose": " "}, {"evidence": "http://x.example"}):
        ask(world, passport_id, **wrong).expect(422, "validation_failed")
    ask(world, "01a20900-46b1-7977-8501-b67e3b66cab2").expect(404, "not_found")


def test_who_only_reads_neither_grants_nor_decides(world: World) -> None:
    _, passport_id = issued(world)
    viewer = sign_in(world.api, world.person("VIEWER")).access
    given = {"roles": ["authority"], "purpose": "P", "recipient": "R", "expiresAt": until(30)}
    for bearer in (viewer, world.token("dpp:read")):
        world.api.post(f"/dpp/{passport_id}/grants", bearer=bearer, json=given).expect(403, "insufficient_scope")
    other = world.api.post(f"/dpp/{passport_id}/grants", bearer=world.other_owner.access, json=given)
    other.expect(404, "not_found")
    grant = granted(world, passport_id)
    path = f"/dpp/grants/{grant['id']}"
    world.api.get(f"{path}/accesses", bearer=world.other_owner.access).expect(404, "not_found")
    world.api.post(f"{path}/revoke", bearer=world.other_owner.access).expect(404, "not_found")
