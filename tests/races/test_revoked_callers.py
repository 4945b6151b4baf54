"""Nothing is written for a caller whose rights have been revoked (security rules 75 and L1; ASVS 7.4.1, 8.3.2).

The body of a request is held while another caller cuts the sender's rights; when the rest arrives, nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import pytest

from harness.clients import OAuthClient, get_token, revoke, rotate
from harness.held_request import HeldRequest
from harness.people import Session, logout
from harness.rows import rows
from harness.world import World
from races.conftest import SEVERAL_WORKERS
from races.things import Things, await_imports, make_things, uploading
from races.writing_routes import NEEDS_MAIL, NEEDS_PROVIDER, OF_PERSON, REQUESTS, reads_body, request_for, writes_of_api

RUNS_ON = SEVERAL_WORKERS
WRITES = writes_of_api()
HELD = sorted(name for name, route in WRITES.items() if reads_body(route))
MACHINES = sorted(
    name
    for name, route in WRITES.items()
    if route.handler and (route.handler.opt.get("scope") or route.handler.opt.get("any_caller"))
)


def _change(world: World, session: Session, **change: object) -> None:
    path = f"/account/users/{session.person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json=change).expect(200)


def _change_client(world: World, oauth: OAuthClient, **change: object) -> None:
    path = f"/oauth/clients/{oauth.client_id}"
    world.api.patch(path, bearer=world.owner.access, json=change).expect(200)


PEOPLE: dict[str, Callable[[World, Session], object]] = {
    "lowered": lambda world, session: _change(world, session, role="VIEWER"),
    "disabled": lambda world, session: _change(world, session, disabled=True),
    "removed": lambda world, session: world.api.delete(
        f"/account/users/{session.person.user_id}", bearer=world.owner.access
    ).expect(204),
    "signed out": lambda world, session: logout(world.api, session.access).expect(200),
}
CLIENTS: dict[str, Callable[[World, OAuthClient, str], object]] = {
    "token revoked": lambda world, oauth, token: revoke(world.api, oauth, token).expect(200),
    "disabled": lambda world, oauth, token: _change_client(world, oauth, disabled=True),
    "narrowed": lambda world, oauth, token: _change_client(world, oauth, scope="products:read"),
    "rotated": lambda world, oauth, token: rotate(
        world.api, oauth, world.owner.access, grace_period_seconds=60, revoke_tokens=True
    ).expect(200),
    "deleted": lambda world, oauth, token: world.api.delete(
        f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access
    ).expect(204),
}


def written(world: World) -> list[list[str]]:
    """How much the account has written, in every table that a request can leave something in."""
    tables = ("audit_events", "idempotency_keys", "import_parts", "import_blocks", "client_secrets", "invitations")
    account = f"account_id = '{world.account.account_id}'"
    return rows(
        world.server.database,
        " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name} WHERE {account}" for name in tables)
        + f" UNION ALL SELECT 'uploaded', coalesce(sum(bytes_uploaded), 0) FROM import_jobs WHERE {account}",
    )


def hold_and_revoke(world: World, requests: Mapping[str, Callable[[], HeldRequest]], cut: Callable[[], object]) -> None:
    """Every request gets half of its body in, then the cut is answered, then the rest arrives."""
    with ExitStack() as stack:
        held = {name: stack.enter_context(send()) for name, send in requests.items()}
        cut()
        before = written(world)
        answers = {name: request.finish() for name, request in held.items()}
    assert {name: status for name, (status, _, _) in answers.items()} == dict.fromkeys(answers, 401), answers
    assert all('"invalid_token"' in text for _, _, text in answers.values()), answers
    assert written(world) == before


def test_every_route_that_writes_has_its_request() -> None:
    assert WRITES.keys() == REQUESTS.keys() | OF_PERSON.keys()


@pytest.mark.parametrize("cut", PEOPLE)
def test_a_held_body_writes_nothing_after_a_person_is_revoked(arena: World, things: Things, cut: str) -> None:
    session = arena.session("OWNER")
    with uploading(arena, session.access) as upload:
        here = replace(things, upload=upload)
        requests = {
            name: partial(HeldRequest, arena.server.url, request_for(name, arena, here, session.access, session.person))
            for name in HELD
        }
        hold_and_revoke(arena, requests, lambda: PEOPLE[cut](arena, session))


@pytest.mark.parametrize("cut", CLIENTS)
def test_a_held_body_writes_nothing_after_a_client_is_revoked(arena: World, things: Things, cut: str) -> None:
    oauth = arena.new_client()
    token = get_token(arena.api, oauth)
    with uploading(arena, token) as upload:
        here = replace(things, upload=upload, client=oauth)
        requests = {
            name: partial(HeldRequest, arena.server.url, request_for(name, arena, here, token, None))
            for name in MACHINES
            if name in HELD
        }
        assert len(requests) >= 8
        hold_and_revoke(arena, requests, lambda: CLIENTS[cut](arena, oauth, token))


def test_the_same_held_bodies_are_written_without_a_revocation(arena: World) -> None:
    """Else the tests above would prove nothing."""
    session, things = arena.session("OWNER"), make_things(arena)
    with uploading(arena, session.access) as upload, ExitStack() as stack:
        here = replace(things, upload=upload)
        for name in (name for name in HELD if name not in NEEDS_PROVIDER):
            # A changed password or a new factor takes the caller's other rights.
            by = arena.session("OWNER") if name in OF_PERSON else session
            request = request_for(name, arena, here, by.access, by.person)
            status, _, text = stack.enter_context(HeldRequest(arena.server.url, request)).finish()
            # Without a mail server nobody gets a link.
            assert 200 <= status < 300 or (name in NEEDS_MAIL and status == 409), (name, status, text)
            for code in json.loads(text)["data"]["recoveryCodes"] if '"recoveryCodes"' in text else ():
                arena.vault.remember("recovery code", code)
            for secret in ("client_secret", "link", "accessToken", "token"):
                if f'"{secret}":' in text:
                    arena.vault.remember(secret, _member(text, secret))
    await_imports(arena)


def _member(text: str, name: str) -> str:
    """A secret of the answer; of a link its last part."""
    found = json.loads(text)
    value = found[name] if name in found else found["data"][name]
    return str(value).rpartition("/")[2]
