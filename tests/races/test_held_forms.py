"""A held form writes nothing after the session or the role of its sender ended (security rules 75 and L1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from console.browser import Visitor
from harness.held_request import HeldRequest
from harness.people import Person, Session, invite, sign_in
from harness.rows import rows
from harness.world import World
from races.conftest import SEVERAL_WORKERS
from races.console_forms import FORMS, LAST, READ_ONLY_POSTS, form_for, writing_forms
from races.test_revoked_callers import PEOPLE, written
from races.things import Things, await_imports, insert_passkey, make_things, uploading

RUNS_ON = SEVERAL_WORKERS
SIGN_IN = 'action="/sign-in"'
REVOCATIONS = {
    **{name: cut for name, cut in PEOPLE.items() if name != "signed out"},
    "signed out": None,
}


@pytest.fixture
def visitor(arena: World) -> Iterator[tuple[Visitor, Person]]:
    """An Owner who has just signed in to the console."""
    person = arena.person("OWNER")
    with closing(Visitor(arena.server.url, arena.vault)) as made:
        assert made.sign_in(person).status_code == 303
        yield made, person


def invitation(world: World) -> str:
    """The id of a new invitation."""
    address, _ = invite(world.api, world.owner, "MEMBER")
    return rows(world.server.database, f"SELECT id FROM invitations WHERE email = '{address}'")[0][0]


def hold_all(stack: ExitStack, world: World, who: tuple[Visitor, Person], things: Things) -> dict[str, HeldRequest]:
    """Every form with half of its body sent; signing out comes last."""
    visitor, person = who
    csrf, invited = visitor.csrf(), invitation(world)
    sign_in(world.api, person)
    sql = f"SELECT id FROM sessions WHERE user_id = '{person.user_id}' AND kind = 'api'"
    session = rows(world.server.database, sql)[0][0]
    things = replace(things, session=session, passkey=insert_passkey(world, person))
    written_forms = {name: form_for(name, visitor, person, things, csrf, invited) for name in FORMS}
    return {name: stack.enter_context(HeldRequest(world.server.url, form)) for name, form in written_forms.items()}


def test_every_form_of_the_console_has_its_case() -> None:
    assert writing_forms().keys() == FORMS.keys() | READ_ONLY_POSTS


@pytest.mark.parametrize("cut", REVOCATIONS)
def test_a_held_form_writes_nothing_after_a_revocation(
    arena: World, things: Things, visitor: tuple[Visitor, Person], cut: str
) -> None:
    session = Session(visitor[1], "", "")
    with uploading(arena) as upload, ExitStack() as stack:
        held = hold_all(stack, arena, visitor, replace(things, upload=upload))
        if cut == "signed out":
            held.pop(LAST)
            assert visitor[0].post("/sign-out", [("csrf", visitor[0].csrf())]).status_code == 303
        else:
            PEOPLE[cut](arena, session)
        before = written(arena)
        for name, request in held.items():
            status, location, text = request.finish()
            # Where the cut came before the guard had begun, it asks to sign in; a form without passwords is carried.
            assert status in (303, 403) or (status == 200 and SIGN_IN in text), (name, status, text)
            assert status != 303 or location.startswith("/sign-in"), (name, location)
        assert written(arena) == before


def test_the_same_held_forms_are_accepted_without_a_revocation(arena: World, visitor: tuple[Visitor, Person]) -> None:
    """Else the test above would prove nothing."""
    things = make_things(arena)
    with uploading(arena) as upload, ExitStack() as stack:
        for name, request in hold_all(stack, arena, visitor, replace(things, upload=upload)).items():
            status, location, text = request.finish()
            assert status in (200, 303), (name, status, text)
            assert name == LAST or not location.startswith("/sign-in"), (name, location)
            assert SIGN_IN not in text, (name, text)
            if "/imports" in name or "/captures" in name:
                await_imports(arena)
