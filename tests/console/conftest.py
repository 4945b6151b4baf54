"""The server that the console's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from console.browser import Visitor
from harness.databases import SqliteDatabase
from harness.people import Person
from harness.world import World

NewVisitor = Callable[..., Visitor]


@pytest.fixture
def new_visitor(world: World) -> Iterator[NewVisitor]:
    """Makes visitors of the general server, signed in as a person if one is named."""
    made: list[Visitor] = []

    def make(person: Person | None = None) -> Visitor:
        visitor = Visitor(world.server.url, world.vault)
        made.append(visitor)
        if person is not None:
            answer = visitor.sign_in(person)
            assert answer.status_code == 303, answer.text
        return visitor

    yield make
    for visitor in made:
        visitor.close()


@pytest.fixture
def someone(world: World) -> Person:
    """An Owner of the first account for this test alone: a person has only 20 sessions."""
    return world.person("OWNER")


@pytest.fixture
def owner(new_visitor: NewVisitor, someone: Person) -> Visitor:
    """The visitor of that Owner, just signed in."""
    return new_visitor(someone)


@pytest.fixture(scope="module")
def editor(world: World) -> Iterator[Visitor]:
    """One session of an Owner for all tests of a module: a sign-in takes longer than what they do."""
    visitor = Visitor(world.server.url, world.vault)
    assert visitor.sign_in(world.person("OWNER")).status_code == 303
    yield visitor
    visitor.close()


@pytest.fixture
def visit(world: World, new_visitor: NewVisitor) -> tuple[Person, Visitor]:
    """A person and their visitor, on the one engine whose session times a test can turn back."""
    if not isinstance(world.server.database, SqliteDatabase):
        pytest.skip("the clock of a session is turned back in the SQLite file")
    person = world.person("OWNER")
    return person, new_visitor(person)
