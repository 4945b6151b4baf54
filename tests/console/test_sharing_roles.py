"""Whoever may only read sees what is shared, and no form that they may not send."""

from __future__ import annotations

import re

import pytest

from console.browser import Visitor
from console.conftest import NewVisitor
from harness.people import add_person
from harness.world import World
from network.sharing import connection_of, share
from products.catalogue import published

pytestmark = pytest.mark.usefixtures("without_shares")

_ACTION = re.compile(r'<form method="post" action="([^"]+)"')


@pytest.mark.parametrize(("role", "adopts"), [("MEMBER", True), ("VIEWER", False)])
def test_others_read_and_do_not_act(world: World, new_visitor: NewVisitor, role: str, adopts: bool) -> None:
    product = published(world)
    made = share(world, product)
    here, seen = f"/partners/{connection_of(world)}", f"/shared/{product['id']}"
    own = new_visitor(world.person(role))
    for path in ("/partners", here, f"/shares/{made['id']}", "/partners/shares"):
        assert _actions(own, path) == set(), path
    theirs = new_visitor(add_person(world.api, world.other_owner, role))
    assert _actions(theirs, seen) == set()
    assert (f'href="{seen}/adopt"' in theirs.get(seen).text) == adopts
    if adopts:
        assert _actions(theirs, f"{seen}/adopt") == {f"{seen}/adopt"}
    else:
        assert theirs.get(f"{seen}/adopt").status_code == 403
    refused = theirs.post(f"{seen}/acknowledge", [("csrf", theirs.csrf()), ("status", "ACCEPTED")])
    assert refused.status_code == 403


def _actions(visitor: Visitor, path: str) -> set[str]:
    """Where the forms of the page are sent."""
    page = visitor.get(path)
    assert page.status_code == 200, path
    return set(_ACTION.findall(page.text.partition("<main")[2]))
