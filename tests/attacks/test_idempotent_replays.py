"""A replayed response is authorised like a fresh one, and sent only while it is true (security rule L6; ASVS 8.2.1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from attacks.cases import new_key
from harness.answers import Answer
from harness.clients import OAuthClient, get_token, request_token, rotate, with_secret
from harness.people import Session, sign_in
from harness.smtp_sink import SmtpSink
from harness.world import World
from products.catalogue import body, complete

WorldFactory = Callable[..., World]
SELF_ROTATIONS_A_DAY = 96


def rotate_once(world: World, oauth: OAuthClient, bearer: str, key: dict[str, str], **options: bool) -> Answer:
    return world.api.post(f"/oauth/clients/{oauth.client_id}/rotate", bearer=bearer, headers=key, **options)


def create_once(world: World, bearer: str, key: dict[str, str], **options: bool) -> Answer:
    body = {"client_name": "Created once", "scope": "products:read"}
    return world.api.post("/oauth/clients", bearer=bearer, json=body, headers=key, **options)


def assert_no_secret(answer: Answer) -> None:
    assert b"lxgsec_" not in answer.body


def lowered(world: World, session: Session) -> Session:
    """The same person as a Viewer, signed in again."""
    path = f"/account/users/{session.person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"role": "VIEWER"}).expect(200)
    return sign_in(world.api, session.person)


def test_a_replay_to_a_lowered_admin_has_no_secret(world: World) -> None:
    admin, oauth, rotation, creation = world.session("ADMIN"), world.new_client(), new_key(), new_key()
    rotate_once(world, oauth, admin.access, rotation, reveals=True).expect(200)
    create_once(world, admin.access, creation, reveals=True).expect(201)
    viewer = lowered(world, admin)
    assert_no_secret(rotate_once(world, oauth, viewer.access, rotation).expect(403, "access_denied"))
    assert_no_secret(create_once(world, viewer.access, creation).expect(403, "access_denied"))


def test_a_replay_to_a_client_that_may_no_longer_rotate_has_no_secret(world: World) -> None:
    oauth, key = world.new_client(), new_key()
    token = get_token(world.api, oauth)
    rotate_once(world, oauth, token, key, reveals=True).expect(200)
    path = f"/oauth/clients/{oauth.client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"self_rotation": False}).expect(200)
    assert_no_secret(rotate_once(world, oauth, token, key).expect(403, "access_denied"))


@pytest.mark.parametrize("grace", [0, 3600])
def test_a_replay_never_returns_a_replaced_secret(world: World, grace: int) -> None:
    owner, key, creation = world.owner.access, new_key(), new_key()
    made = create_once(world, owner, creation, reveals=True).expect(201).object()
    oauth = OAuthClient(made["client_id"], made["client_secret"], made["scope"], made["secrets"][0]["id"])
    first = rotate_once(world, oauth, owner, key, reveals=True).expect(200)
    assert_no_secret(create_once(world, owner, creation).expect(409, "conflict"))
    again = rotate_once(world, oauth, owner, key, repeats=True).expect(200)
    assert again.object() == first.object()
    newest = with_secret(oauth, rotate(world.api, oauth, owner, grace_period_seconds=grace).expect(200))
    refused = rotate_once(world, oauth, owner, key).expect(409, "conflict")
    assert_no_secret(refused)
    assert "another Idempotency-Key" in refused.object()["error_description"]
    request_token(world.api, newest).expect(200)


def test_a_replay_for_a_deleted_client_has_no_secret(world: World) -> None:
    owner, rotation, creation = world.owner.access, new_key(), new_key()
    made = create_once(world, owner, creation, reveals=True).expect(201).object()
    oauth = OAuthClient(made["client_id"], made["client_secret"], made["scope"], made["secrets"][0]["id"])
    rotate_once(world, oauth, owner, rotation, reveals=True).expect(200)
    world.api.delete(f"/oauth/clients/{oauth.client_id}", bearer=owner).expect(204)
    assert_no_secret(create_once(world, owner, creation).expect(409, "conflict"))
    assert_no_secret(rotate_once(world, oauth, owner, rotation).expect(404, "not_found"))


def test_a_replayed_creation_shows_the_client_as_it_is_now(world: World) -> None:
    key = new_key()
    first = create_once(world, world.owner.access, key, reveals=True).expect(201).object()
    path = f"/oauth/clients/{first['client_id']}"
    changed = {"disabled": True, "client_name": "Renamed since"}
    world.api.patch(path, bearer=world.owner.access, json=changed).expect(200)
    again = create_once(world, world.owner.access, key, reveals=True, repeats=True).expect(201).object()
    assert again == first | changed


def test_a_replay_of_a_deleted_product_is_a_conflict(world: World) -> None:
    given, key = body(), new_key()
    owner = world.owner.access
    made = world.api.post("/products", bearer=owner, json=given, headers=key).expect(201).data()
    world.api.post("/products", bearer=owner, json=given, headers=key).expect(201)
    world.api.delete(f"/products/{made['id']}", bearer=owner).expect(204)
    world.api.post("/products", bearer=owner, json=given, headers=key).expect(409, "conflict")
    viewer = world.session("VIEWER")
    world.api.post("/products", bearer=viewer.access, json=given, headers=key).expect(403, "insufficient_scope")


def test_a_replay_of_a_withdrawn_publication_is_a_conflict(world: World) -> None:
    owner, key = world.owner.access, new_key()
    made = world.api.post("/products", bearer=owner, json=body(**complete())).expect(201).data()
    path = f"/products/{made['id']}"
    world.api.post(f"{path}/publish", bearer=owner, headers=key).expect(200)
    world.api.post(f"{path}/publish", bearer=owner, headers=key).expect(200)
    world.api.post(f"{path}/versions/1/withdraw", bearer=owner, json={"reason": "Wrong"}).expect(200)
    world.api.post(f"{path}/publish", bearer=owner, headers=key).expect(409, "conflict")


def test_a_replayed_rotation_mails_no_second_notice(fresh_world: WorldFactory, smtp_sink: SmtpSink) -> None:
    world = fresh_world(LINKXG_SMTP_URL=smtp_sink.url)
    oauth, key, last = world.new_client(), new_key(), world.new_client()
    rotate_once(world, oauth, world.owner.access, key, reveals=True).expect(200)
    for _ in range(3):
        rotate_once(world, oauth, world.owner.access, key, repeats=True).expect(200)
    rotate(world.api, last, world.owner.access).expect(200)
    # Notices still under way are sent before the service has ended.
    world.server.stop()
    told = [mail.text() for mail in smtp_sink.mails if "rotated" in str(mail.parsed()["subject"])]
    assert [sum(one.client_id in text for text in told) for one in (oauth, last)] == [1, 1], told


def test_a_client_rotates_itself_a_bounded_number_of_times_a_day(world: World) -> None:
    """Each rotation is in the trail for ever (A11)."""
    oauth, key = world.new_client(), new_key()
    for _ in range(SELF_ROTATIONS_A_DAY - 2):
        oauth = with_secret(oauth, rotate(world.api, oauth, get_token(world.api, oauth)).expect(200))
    token = get_token(world.api, oauth)
    oauth = with_secret(oauth, rotate_once(world, oauth, token, key, reveals=True).expect(200))
    refused = rotate(world.api, oauth, get_token(world.api, oauth)).expect(429, "rate_limit_exceeded")
    assert int(refused.header("retry-after") or "0") > 80_000
    # Repeated, it is answered though its secret has been replaced: by itself.
    rotate_once(world, oauth, token, key, repeats=True).expect(200)
    request_token(world.api, oauth).expect(200)
    rotate(world.api, oauth, world.owner.access).expect(200)
