"""`Idempotency-Key`: a repeated request gets the first response, is marked as a replay, and has no effect."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace

import pytest

from architecture.test_idempotency import KEYLESS
from attacks.cases import new_key
from harness.answers import Answer
from harness.client import INVITATION
from harness.held_request import HeldRequest, HttpRequest
from harness.people import Session, accept, new_email, refresh, sign_in
from harness.rows import count
from harness.smtp_sink import SmtpSink
from harness.world import World
from imports.files import IMPORTS, csv_file, ended, new_sku, send
from imports.resumable_uploads import start_upload
from races.things import Things, await_imports, make_things, uploading
from races.writing_routes import API, NEEDS_MAIL, REQUESTS, writes_of_api

WorldFactory = Callable[..., World]
KEYED = sorted(
    name
    for name, route in writes_of_api().items()
    if name.startswith("POST")
    and route.handler
    and route.handler.operation_id not in KEYLESS
    # Of reminders: tests/network/test_recall_mails.py.
    and name not in NEEDS_MAIL
)
USERS = "/account/users"


@pytest.fixture(scope="module")
def things(world: World) -> Things:
    """What the requests are about."""
    return make_things(world)


@pytest.fixture
def idle(world: World) -> None:
    """Only two imports may be under way."""
    await_imports(world)


def post(world: World, request: HttpRequest, key: dict[str, str], **options: bool) -> Answer:
    headers = [*request.headers, *key.items()]
    path = request.path.removeprefix(API)
    return world.api.post(path, bearer=world.owner.access, content=request.body, headers=headers, **options)


def written(name: str, world: World, things: Things) -> HttpRequest:
    path, headers, body = REQUESTS[name](world, things)
    return HttpRequest("POST", API + path, headers, body)


def invite(world: World, key: dict[str, str], by: Session | None = None, **options: object) -> Answer:
    body = {"email": options.pop("email"), "role": options.pop("role", "MEMBER")}
    return world.api.post(USERS, bearer=(by or world.owner).access, json=body, headers=key, **options)


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.usefixtures("idle")
def test_a_replay_is_marked(world: World, things: Things, name: str) -> None:
    with uploading(world) if name.endswith("/cancel") else nullcontext(things.upload) as upload:
        request, key = written(name, world, replace(things, upload=upload)), new_key()
        first = post(world, request, key, reveals=True)
        again = post(world, request, key, repeats=True)
    assert first.status < 300, first
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    assert again.status == first.status
    if "/imports" in name:
        assert again.data()["id"] == first.data()["id"]
    else:
        assert again.object() == first.object()


@pytest.mark.any_engine
def test_a_replayed_refresh_is_marked(world: World) -> None:
    session = world.session()
    first = refresh(world.api, session.refresh, key="once").expect(200)
    again = refresh(world.api, session.refresh, key="once", reveals=True, repeats=True).expect(200)
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")


@pytest.mark.any_engine
@pytest.mark.parametrize("key", ["", "k" * 256, "schl\u00fcssel", "a\tb"], ids=["empty", "long", "not ASCII", "tab"])
def test_a_malformed_key_is_refused_before_the_body_is_read(world: World, things: Things, key: str) -> None:
    for name in KEYED:
        request = written(name, world, replace(things, upload=things.finished_import))
        encoded = key.encode().decode("latin-1")
        headers = (("Authorization", f"Bearer {world.owner.access}"), *request.headers, ("Idempotency-Key", encoded))
        held = HttpRequest("POST", request.path, headers, request.body)
        with closing(HeldRequest(world.server.url, held)) as sent:
            # The rest of the body is never sent.
            status, _, text = sent.answer()
        assert (status, "Idempotency-Key" in text) == (400, True), (name, text)


@pytest.mark.any_engine
def test_two_keys_are_refused(world: World) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    body = {"identifiers": [{"type": "gtin", "value": "4006381333931"}]}
    world.api.post("/identifiers/validate", bearer=world.owner.access, json=body, headers=headers).expect(
        400, "invalid_request"
    )


@pytest.mark.usefixtures("idle")
def test_a_repeated_import_is_answered_at_the_limit_of_open_jobs(world: World) -> None:
    content, key = csv_file(("sku", "name"), [[new_sku(), "Bolt"]]), new_key()
    first = ended(world, send(world, content, headers=key).expect(202).data())
    with uploading(world), uploading(world):
        send(world, content).expect(429, "rate_limit_exceeded")
        again = send(world, content, headers=key).expect(202)
        assert (again.data()["id"], again.header("idempotent-replayed")) == (first["id"], "true")
        send(world, content + b"x,y\n", headers=key).expect(422, "idempotency_key_reused")
        start_upload(world, len(content), headers=key).expect(422, "idempotency_key_reused")


@pytest.mark.usefixtures("idle")
def test_a_repeated_import_stores_nothing(world: World) -> None:
    content, key = csv_file(("sku", "name"), [[new_sku(), "Bolt"]]), new_key()
    ended(world, send(world, content, headers=key).expect(202).data())
    stored = "SELECT (SELECT count(*) FROM import_jobs) + (SELECT count(*) FROM import_blocks)"
    before = count(world.server.database, stored)
    request = HttpRequest(
        "POST",
        API + IMPORTS,
        (("Authorization", f"Bearer {world.owner.access}"), ("Content-Type", "text/csv"), *key.items()),
        content,
    )
    with closing(HeldRequest(world.server.url, request)) as sent:
        world.api.get("/account", bearer=world.owner.access).expect(200)
        assert count(world.server.database, stored) == before
        assert sent.finish()[0] == 202
    assert count(world.server.database, stored) == before


@pytest.mark.any_engine
@pytest.mark.usefixtures("idle")
def test_a_key_of_another_import_is_refused_before_the_file_is_read(world: World) -> None:
    content, key = csv_file(("sku", "name"), [[new_sku(), "Bolt"]]), new_key()
    ended(world, send(world, content, headers=key).expect(202).data())
    request = HttpRequest(
        "POST",
        f"{API}{IMPORTS}?mode=create",
        (("Authorization", f"Bearer {world.owner.access}"), ("Content-Type", "text/csv"), *key.items()),
        content,
    )
    with closing(HeldRequest(world.server.url, request)) as sent:
        status, _, text = sent.answer()
    assert (status, "idempotency_key_reused" in text) == (422, True), text


def test_a_repeated_invitation_has_the_same_link(world: World) -> None:
    key, email = new_key(), new_email()
    first = invite(world, key, email=email, reveals=True).expect(201)
    again = invite(world, key, email=email, repeats=True).expect(201)
    assert again.object() == first.object()
    invite(world, key, email=email, role="VIEWER").expect(422, "idempotency_key_reused")
    invite(world, key, email=new_email()).expect(422, "idempotency_key_reused")
    token = INVITATION.search(first.data()["link"])
    assert token is not None
    accept(world.api, token[1], world.vault.password()).expect(201)
    ended_since = invite(world, key, email=email).expect(409, "conflict")
    assert "link" not in ended_since.object()


@pytest.mark.parametrize("end", ["replaced", "lowered"])
@pytest.mark.any_engine
def test_a_repetition_never_has_the_link_of_an_invitation_that_has_ended(world: World, end: str) -> None:
    key, email, admin = new_key(), new_email(), world.session("ADMIN")
    invite(world, key, admin, email=email, reveals=True).expect(201)
    if end == "replaced":
        invite(world, new_key(), email=email, reveals=True).expect(201)
        invite(world, key, admin, email=email).expect(409, "conflict")
    else:
        path = f"{USERS}/{admin.person.user_id}"
        world.api.patch(path, bearer=world.owner.access, json={"role": "VIEWER"}).expect(200)
        invite(world, key, sign_in(world.api, admin.person), email=email).expect(403, "access_denied")


@pytest.mark.any_engine
def test_the_key_of_an_invitation_is_not_shared_by_two_administrators(world: World) -> None:
    key, email = new_key(), new_email()
    invite(world, key, email=email, reveals=True).expect(201)
    invite(world, key, world.session("ADMIN"), email=email).expect(422, "idempotency_key_reused")


def test_a_repeated_invitation_is_mailed_once(fresh_world: WorldFactory, smtp_sink: SmtpSink) -> None:
    world = fresh_world(LINKXG_SMTP_URL=smtp_sink.url)
    key, email = new_key(), new_email()
    first = invite(world, key, email=email).expect(201)
    assert (first.data()["mailed"], first.data()["link"]) == (True, None)
    for _ in range(2):
        assert invite(world, key, email=email).expect(201).object() == first.object()
    assert [mail.recipients for mail in smtp_sink.mails] == [(email,)]
    # Of a mail that was refused the link is handed out, to a repetition too.
    smtp_sink.accepts = False
    key, email = new_key(), new_email()
    first = invite(world, key, email=email, reveals=True).expect(201)
    assert first.data()["mailed"] is False
    assert invite(world, key, email=email, repeats=True).expect(201).object() == first.object()
