"""Sensitive actions need a recent authentication (RFC 9470). Security rules 135 to 137."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from attacks.cases import case
from harness.answers import Answer
from harness.clients import get_token, make_client, rotate
from harness.factors import (
    Authenticator,
    add_totp,
    age_session,
    begin_totp,
    first_step,
    forget_steps,
    person_with_totp,
    second_step,
)
from harness.people import Session, invite, login, me, new_email, refresh, session_of, sign_in
from harness.rows import rows
from harness.token_forge import decode_unverified
from harness.world import World
from network.recalling import RECALLS
from passports.reading import issued
from races.things import GRANT, SUBSCRIPTION, insert_access_request
from traceability.chain import seen
from traceability.test_routes import capture, new_lots


def step_up(world: World, access: str, **body: Any) -> Answer:
    return world.api.post("/auth/step-up", bearer=access, json=body, reveals=True)


def stepped_up(world: World, session: Session, app: Authenticator) -> str:
    """A recent token of this session, by password and code."""
    token = step_up(world, session.access, password=session.person.password).expect(401, "mfa_required").object()
    body = {"mfaToken": token["mfaToken"], "method": "totp", "code": app.code()}
    return str(step_up(world, session.access, **body).expect(200).data()["accessToken"])


FACTOR_CHANGES = {
    "begin": ("POST", "/auth/factors/totp", None),
    "confirm": ("POST", "/auth/factors/totp/confirm", {"code": "123456"}),
    "codes": ("POST", "/auth/factors/recovery-codes", None),
    "remove": ("DELETE", "/auth/factors/01a20900-46b1-7977-8501-b67e3b66cab2", None),
}


@pytest.mark.parametrize("change", [case(135, name, name) for name in FACTOR_CHANGES])
@pytest.mark.parametrize("has_factor", [True, False], ids=["factor", "none"])
def test_a_change_of_factors_needs_a_recent_authentication(world: World, change: str, has_factor: bool) -> None:
    session = world.session()
    if has_factor:
        add_totp(world.api, session)
    old = age_session(world, session)
    method, path, body = FACTOR_CHANGES[change]
    answer = world.api.request(method, path, bearer=old.access, json=body)
    answer.expect(401, "insufficient_user_authentication")
    challenge = answer.header("www-authenticate") or ""
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="600"' in challenge
    assert ('acr_values="mfa"' in challenge) == has_factor


def test_rule_135_a_token_without_the_factor_is_not_enough(world: World) -> None:
    session = world.session()
    add_totp(world.api, session)
    # The token is recent, but it was issued before there was a factor.
    answer = world.api.post("/auth/factors/recovery-codes", bearer=session.access)
    answer.expect(401, "insufficient_user_authentication")
    renewed = session_of(session.person, refresh(world.api, session.refresh).expect(200))
    codes = world.api.post("/auth/factors/recovery-codes", bearer=renewed.access).expect(200).data()["recoveryCodes"]
    assert len({world.vault.remember("recovery code", code) for code in codes}) == 10


def test_rule_135_new_recovery_codes_replace_the_earlier_ones(world: World) -> None:
    person = world.person()
    session, app = person_with_totp(world.api, person)
    renewed = session_of(person, refresh(world.api, session.refresh).expect(200))
    found = world.api.post("/auth/factors/recovery-codes", bearer=renewed.access).expect(200).data()["recoveryCodes"]
    new = [world.vault.remember("recovery code", code) for code in found]
    second_step(world.api, first_step(world.api, person), app.codes[0], "recovery_code").expect(
        401, "invalid_credentials"
    )
    second_step(world.api, first_step(world.api, person), new[0], "recovery_code").expect(200)


def test_rule_135_removing_a_factor_ends_the_other_sessions(world: World) -> None:
    person = world.person()
    session, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    here = session_of(person, second_step(world.api, first_step(world.api, person), app.code()).expect(200))
    found = world.api.get("/auth/factors", bearer=here.access).expect(200).data()["factors"]
    assert [(one["method"], one["name"]) for one in found] == [("totp", "Authenticator app")]
    world.api.delete(f"/auth/factors/{found[0]['id']}", bearer=here.access).expect(204)
    me(world.api, session.access).expect(401, "invalid_token")
    me(world.api, here.access).expect(200)
    left = world.api.get("/auth/factors", bearer=here.access).expect(200).data()
    assert (left["factors"], left["recoveryCodesLeft"]) == ([], 0)
    login(world.api, person.email, person.password).expect(200)


def test_rule_135_the_factor_of_another_person_does_not_exist(world: World) -> None:
    one, other = world.session(), world.session()
    for session in (one, other):
        add_totp(world.api, session)
    theirs = world.api.get("/auth/factors", bearer=other.access).expect(200).data()["factors"][0]["id"]
    mine = session_of(one.person, refresh(world.api, one.refresh).expect(200))
    world.api.delete(f"/auth/factors/{theirs}", bearer=mine.access).expect(404, "not_found")
    assert world.api.get("/auth/factors", bearer=other.access).expect(200).data()["factors"]


def test_rule_135_a_new_app_replaces_the_one_before(world: World) -> None:
    person = world.person()
    session, old = person_with_totp(world.api, person)
    renewed = session_of(person, refresh(world.api, session.refresh).expect(200))
    new = begin_totp(world.api, renewed.access)
    # Until it is confirmed, the old one counts.
    forget_steps(world, person, old)
    second_step(world.api, first_step(world.api, person), old.code()).expect(200)
    done = world.api.post("/auth/factors/totp/confirm", bearer=renewed.access, json={"code": new.code()}).expect(200)
    assert done.data()["recoveryCodes"] is None
    second_step(world.api, first_step(world.api, person), old.at(old.last + 1)).expect(401, "invalid_credentials")
    forget_steps(world, person, new)
    second_step(world.api, first_step(world.api, person), new.code()).expect(200)
    sql = f"SELECT action, details FROM audit_events WHERE target = '{person.user_id}' ORDER BY seq"
    changes = [row for row in rows(world.server.database, sql) if row[0].startswith("factor.")]
    assert [row[0] for row in changes] == ["factor.added", "factor.removed", "factor.added"]
    assert json.loads(changes[1][1])["factor"] == json.loads(changes[0][1])["factor"]
    assert json.loads(changes[1][1])["replaced_by"] == json.loads(changes[2][1])["factor"]


def test_rule_135_changes_are_audited(world: World) -> None:
    session = world.session()
    add_totp(world.api, session)
    renewed = session_of(session.person, refresh(world.api, session.refresh).expect(200))
    world.api.post("/auth/factors/recovery-codes", bearer=renewed.access).expect(200)
    factor = world.api.get("/auth/factors", bearer=renewed.access).expect(200).data()["factors"][0]["id"]
    world.api.delete(f"/auth/factors/{factor}", bearer=renewed.access).expect(204)
    sql = f"SELECT action FROM audit_events WHERE target = '{session.person.user_id}' ORDER BY seq"
    actions = [row[0] for row in rows(world.server.database, sql)]
    assert actions[-3:] == ["factor.added", "recovery_codes.replaced", "factor.removed"]


def test_rule_137_a_step_up_needs_password_and_factor(world: World) -> None:
    person = world.person()
    session, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    old = age_session(world, session)
    step_up(world, old.access, password=world.vault.password()).expect(401, "invalid_credentials")
    access = stepped_up(world, old, app)
    claims = decode_unverified(access)[1]
    assert claims["sid"] == session.session_id
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert claims["auth_time"] > decode_unverified(old.access)[1]["auth_time"]
    world.api.post("/auth/factors/recovery-codes", bearer=access).expect(200)
    # The refresh token is still that of the session, and its next access token is as recent.
    renewed = refresh(world.api, old.refresh).expect(200).data()["accessToken"]
    assert decode_unverified(renewed)[1]["auth_time"] == claims["auth_time"]


@pytest.mark.any_engine
def test_a_step_up_is_not_counted_as_a_sign_in(world: World) -> None:
    def issued(grant: str) -> int:
        text = world.api.get("//metrics").expect(200).body.decode()
        found = re.search(rf'^linkxg_tokens_total{{grant="{grant}",outcome="issued"}} (\d+)', text, re.MULTILINE)
        return int(found[1]) if found else 0

    session = world.session()
    sign_ins, step_ups = issued("password"), issued("step_up")
    step_up(world, session.access, password=session.person.password).expect(200)
    assert (issued("password"), issued("step_up")) == (sign_ins, step_ups + 1)


def test_rule_137_without_a_factor_the_password_is_enough(world: World) -> None:
    old = age_session(world, world.session())
    world.api.post("/auth/factors/totp", bearer=old.access).expect(401, "insufficient_user_authentication")
    access = step_up(world, old.access, password=old.person.password).expect(200).data()["accessToken"]
    secret = world.api.post("/auth/factors/totp", bearer=access).expect(200).data()["secret"]
    world.vault.remember("secret of an authenticator app", secret)


@pytest.mark.parametrize(
    "way", [case(137, name, name) for name in ("other session", "other person", "sign-in", "twice")]
)
def test_the_token_of_a_step_up_is_of_one_session_and_purpose(world: World, way: str) -> None:
    person = world.person()
    session, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    other = session_of(person, second_step(world.api, first_step(world.api, person), app.code()).expect(200))
    answer = step_up(world, session.access, password=person.password).expect(401, "mfa_required")
    body = {"mfaToken": answer.object()["mfaToken"], "method": "totp", "code": app.code()}
    if way == "sign-in":
        second_step(world.api, body["mfaToken"], body["code"]).expect(401, "invalid_token")
        begun = {"mfaToken": first_step(world.api, person), "method": "totp", "code": body["code"]}
        step_up(world, session.access, **begun).expect(401, "invalid_token")
    elif way == "twice":
        step_up(world, session.access, **body).expect(200)
        step_up(world, session.access, **body | {"code": app.codes[0], "method": "recovery_code"}).expect(
            401, "invalid_token"
        )
        return
    else:
        bearer = other.access if way == "other session" else world.session().access
        step_up(world, bearer, **body).expect(401, "invalid_token")
    step_up(world, session.access, **body).expect(200)


@pytest.mark.parametrize(
    "body",
    [
        case(137, "nothing", {}),
        case(137, "both", {"password": "x" * 20, "mfaToken": "y", "method": "totp", "code": "1"}),
        case(137, "no code", {"mfaToken": "y", "method": "totp"}),
        case(137, "unknown method", {"mfaToken": "y", "method": "sms", "code": "1"}),
    ],
)
def test_incomplete_step_ups_are_malformed(world: World, body: dict[str, str]) -> None:
    step_up(world, world.owner.access, **body).expect(400, "invalid_request")


@pytest.fixture
def strict(world: World) -> Iterator[None]:
    """The account wants people to have been authenticated within the last nine minutes."""
    world.api.patch("/account", bearer=world.owner.access, json={"stepUpMinutes": 9}).expect(200)
    yield
    fresh = sign_in(world.api, world.account.owner)
    world.api.patch("/account", bearer=fresh.access, json={"stepUpMinutes": None}).expect(200)


def test_rule_136_what_is_sensitive_needs_a_recent_authentication(world: World, strict: None) -> None:
    owner = sign_in(world.api, world.account.owner)
    oauth, victim = make_client(world.api, owner), world.person("VIEWER")
    old = age_session(world, owner, minutes=11)
    client, person = f"/oauth/clients/{oauth.client_id}", f"/account/users/{victim.user_id}"
    secret = world.api.get(client, bearer=owner.access).expect(200).object()["secrets"][0]["id"]
    sensitive: tuple[tuple[str, str, Any], ...] = (
        ("POST", "/oauth/clients", {"client_name": "New", "scope": "products:read"}),
        ("PATCH", client, {"client_name": "Renamed"}),
        ("POST", f"{client}/rotate", None),
        ("PATCH", f"{client}/secrets/{secret}", {"expires_at": 4_000_000_000}),
        ("DELETE", f"{client}/secrets/{secret}", None),
        ("POST", f"{client}/keys", {"name": "x", "jwks_uri": "https://keys.example/jwks"}),
        ("DELETE", f"{client}/keys/x", None),
        (
            "POST",
            f"{client}/trusts",
            {"name": "x", "issuer": "https://a.example", "audience": "b", "claims": {"sub": "c"}},
        ),
        ("DELETE", f"{client}/trusts/x", None),
        ("DELETE", client, None),
        ("POST", "/account/users", {"email": new_email()}),
        ("PATCH", person, {"role": "MEMBER"}),
        ("DELETE", person, None),
        ("DELETE", f"{person}/factors", None),
        ("PATCH", "/account", {"stepUpMinutes": None}),
    )
    for method, path, body in sensitive:
        answer = world.api.request(method, path, bearer=old.access, json=body)
        answer.expect(401, "insufficient_user_authentication")
        assert 'max_age="540"' in (answer.header("www-authenticate") or ""), path
    world.api.get("/oauth/clients", bearer=old.access).expect(200)
    access = step_up(world, old.access, password=owner.person.password).expect(200).data()["accessToken"]
    world.api.patch(client, bearer=access, json={"client_name": "Renamed"}).expect(200)


def test_rule_136_a_subscription_is_made_and_resumed_after_a_recent_authentication(world: World, strict: None) -> None:
    """What it delivers outlives the session that made it."""
    member = sign_in(world.api, world.person("MEMBER"))
    name = f"q{uuid4()}"
    path = f"/epcis/queries/{name}/subscriptions"
    world.api.post("/epcis/queries", bearer=member.access, json={"name": name, "query": {}}).expect(201)
    made = world.api.post(path, bearer=member.access, json=SUBSCRIPTION).expect(201).object()["subscriptionID"]
    old = age_session(world, member, minutes=11)
    for address, body in ((path, SUBSCRIPTION), (f"{path}/{made}/resume", None), (f"{path}/{made}/test", None)):
        world.api.post(address, bearer=old.access, json=body).expect(401, "insufficient_user_authentication")
    world.api.get(f"{path}/{made}", bearer=old.access).expect(200)
    world.api.post(f"{path}/{made}/resume", bearer=member.access).expect(200)
    client = make_client(world.api, sign_in(world.api, world.account.owner))
    world.api.post(f"{path}/{made}/resume", bearer=get_token(world.api, client)).expect(200)
    world.api.delete(f"/epcis/queries/{name}", bearer=old.access).expect(204)


def test_rule_136_a_recall_is_announced_and_withdrawn_after_a_recent_authentication(world: World, strict: None) -> None:
    """Partners stop production by it, and take it up again when it is withdrawn."""
    owner = sign_in(world.api, world.account.owner)
    (item,) = new_lots(1)
    capture(world, world.account.account_id, seen([item]))
    body = {"items": [item.uri], "reason": "The dye exceeds its limit."}
    made = world.api.post(RECALLS, bearer=owner.access, json=body).expect(201).data()["id"]
    old = age_session(world, owner, minutes=11)
    for address, given in ((RECALLS, body), (f"{RECALLS}/{made}/withdraw", {})):
        world.api.post(address, bearer=old.access, json=given).expect(401, "insufficient_user_authentication")
    world.api.get(f"{RECALLS}/{made}", bearer=old.access).expect(200)
    client = make_client(world.api, sign_in(world.api, world.account.owner))
    world.api.post(f"{RECALLS}/{made}/withdraw", bearer=get_token(world.api, client), json={}).expect(200)


def test_rule_136_a_link_to_a_passport_is_made_after_a_recent_authentication(world: World, strict: None) -> None:
    """It outlives the session that made it; refusing and revoking only take away."""
    member = sign_in(world.api, world.person("MEMBER"))
    _, passport = issued(world)
    for _ in range(2):
        insert_access_request(world, passport)
    asked = world.api.get("/dpp/access-requests", bearer=member.access).expect(200).object()["data"]
    grants, approve = f"/dpp/{passport}/grants", f"/dpp/access-requests/{asked[0]['id']}/approve"
    made = world.api.post(grants, bearer=member.access, json=GRANT, reveals=True).expect(201).data()["id"]
    old = age_session(world, member, minutes=11)
    for address, body in ((grants, GRANT), (approve, {"expiresAt": GRANT["expiresAt"]})):
        world.api.post(address, bearer=old.access, json=body).expect(401, "insufficient_user_authentication")
    world.api.post(f"/dpp/access-requests/{asked[1]['id']}/decline", bearer=old.access, json={}).expect(200)
    world.api.post(f"/dpp/grants/{made}/revoke", bearer=old.access).expect(200)
    client = make_client(world.api, sign_in(world.api, world.account.owner))
    world.api.post(grants, bearer=get_token(world.api, client), json=GRANT, reveals=True).expect(201)


def test_rule_136_a_client_rotates_its_own_secret_as_before(world: World, strict: None) -> None:
    oauth = make_client(world.api, sign_in(world.api, world.account.owner))
    rotate(world.api, oauth, get_token(world.api, oauth)).expect(200)


def test_rule_136_without_the_setting_no_age_matters(world: World) -> None:
    old = age_session(world, sign_in(world.api, world.account.owner), minutes=60 * 24)
    invite(world.api, old, "VIEWER")


@pytest.mark.parametrize("minutes", [case(136, str(value), value) for value in (0, 4, 1_441, -1, 2**40)])
def test_step_up_has_bounds(world: World, minutes: int) -> None:
    answer = world.api.patch("/account", bearer=world.owner.access, json={"stepUpMinutes": minutes})
    answer.expect(422, "validation_failed")
