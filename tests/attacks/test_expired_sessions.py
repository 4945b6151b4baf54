"""A session past its end authorises nothing, and none outlives the date of a second factor that it lacks.

Security rules 183, 184 and 189.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from attacks.cases import case
from attacks.test_required_factor import account, later, require  # noqa: F401  the fixture
from harness.answers import Answer
from harness.factors import Authenticator, add_totp, forget_steps
from harness.people import Session, add_person, me, refresh, session_of, sign_in
from harness.rows import count, execute, rows
from harness.token_forge import decode_unverified
from harness.world import World
from network.partners import new_account


def step_up(world: World, access: str, **body: Any) -> Answer:
    return world.api.post("/auth/step-up", bearer=access, json=body, reveals=True)


def expire(world: World, session: Session, column: str = "expires_at") -> None:
    """Let the session have ended a second ago, without telling the server."""
    past = int(time.time() * 1_000) - 1_000
    execute(world.server.database, f"UPDATE sessions SET {column} = {past} WHERE id = '{session.session_id}'")


def ends_at(world: World, session: Session) -> float:
    sql = f"SELECT expires_at FROM sessions WHERE id = '{session.session_id}'"
    return int(rows(world.server.database, sql)[0][0]) / 1_000


WRITES: dict[str, tuple[str, str, Any]] = {
    "product": ("DELETE", "/products/01a20900-46b1-7977-8501-b67e3b66cab2", None),
    "client": ("POST", "/oauth/clients", {"client_name": "New", "scope": "products:read"}),
    "profile": ("PATCH", "/auth/me", {"name": "Eve"}),
    "factor": ("POST", "/auth/factors/totp", None),
    "invitation": ("POST", "/account/users", {"email": "eve@example.test"}),
    "logout": ("POST", "/auth/logout", None),
}


@pytest.mark.parametrize("column", ["expires_at", "refresh_expires_at"])
@pytest.mark.parametrize("write", [case(183, name, name) for name in WRITES])
def test_an_expired_session_writes_nothing(world: World, write: str, column: str) -> None:
    session = world.session("ADMIN")
    expire(world, session, column)
    method, path, body = WRITES[write]
    world.api.request(method, path, bearer=session.access, json=body).expect(401, "invalid_token")


@pytest.mark.parametrize("column", [case(183, name, name) for name in ("expires_at", "refresh_expires_at")])
def test_a_step_up_renews_no_expired_session(world: World, column: str) -> None:
    session = world.session()
    expire(world, session, column)
    step_up(world, session.access, password=session.person.password).expect(401, "invalid_token")
    sql = f"SELECT count(*) FROM audit_events WHERE target = '{session.session_id}' AND action = 'session.stepped_up'"
    assert count(world.server.database, sql) == 0
    refresh(world.api, session.refresh).expect(401, "invalid_token")


def test_rule_184_a_step_up_without_the_required_factor_is_refused(
    world: World,
    account: tuple[Session, Authenticator],  # noqa: F811
) -> None:
    owner, _ = account
    session = sign_in(world.api, add_person(world.api, owner, "MEMBER"))
    # As a session that a provider authenticated: it meets the requirement, and a password alone does not.
    execute(world.server.database, f"UPDATE sessions SET amr = 'fed' WHERE id = '{session.session_id}'")
    require(world, owner).expect(200)
    refused = step_up(world, session.access, password=session.person.password)
    refused.expect(401, "insufficient_user_authentication")
    assert 'acr_values="mfa"' in (refused.header("www-authenticate") or "")
    renewed = session_of(session.person, refresh(world.api, session.refresh).expect(200))
    assert decode_unverified(renewed.access)[1]["amr"] == ["fed"]


def test_rule_189_a_session_without_the_factor_is_not_refreshed_after_the_date(
    world: World,
    account: tuple[Session, Authenticator],  # noqa: F811
) -> None:
    """Whenever it began: a sign-in may have read the account just before it changed."""
    owner, _ = account
    session = sign_in(world.api, add_person(world.api, owner, "MEMBER"))
    require(world, owner).expect(200)
    month = int(time.time() * 1_000) + 30 * 86_400_000
    execute(world.server.database, f"UPDATE sessions SET expires_at = {month} WHERE id = '{session.session_id}'")
    refresh(world.api, session.refresh).expect(401, "invalid_token")
    # The token is genuine, and nobody used it twice: the session of a thief would not end either.
    sql = (
        f"SELECT count(*) FROM audit_events WHERE target = '{session.session_id}' AND action = 'session.reuse_detected'"
    )
    assert count(world.server.database, sql) == 0


def test_rule_189_a_factor_that_was_set_up_in_time_keeps_the_session(world: World) -> None:
    owner = new_account(world)
    member = add_person(world.api, owner, "MEMBER")
    before = sign_in(world.api, member)
    require(world, owner, since=later(days=2)).expect(200)
    after = sign_in(world.api, member)
    for session in (before, after):
        assert ends_at(world, session) < time.time() + 3 * 86_400
    app = add_totp(world.api, after)
    forget_steps(world, member, app)
    assert ends_at(world, after) > time.time() + 20 * 86_400
    me(world.api, session_of(member, refresh(world.api, after.refresh).expect(200)).access).expect(200)
