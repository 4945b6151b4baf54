"""A second invitation of an address ends the first one, and everybody concerned is told."""

from __future__ import annotations

import re

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.client import INVITATION
from harness.people import accept, new_email
from harness.world import World

PAGE = "/account/members"


def invite(owner: Visitor, world: World, email: str) -> tuple[str, str]:
    """What the page says, and the token of its link."""
    page = owner.fill(owner.get(PAGE), PAGE, email=email, role="VIEWER")
    found = INVITATION.search(page.text)
    assert found is not None, text_of(page)
    return text_of(page), world.vault.remember("invitation token", found.group(1))


def test_the_inviter_and_the_holder_of_the_first_link_are_told(
    world: World, owner: Visitor, new_visitor: NewVisitor
) -> None:
    email, visitor = new_email(), new_visitor()
    assert "the link of the earlier invitation stops working" in text_of(owner.get(PAGE))
    said, first = invite(owner, world, email)
    assert "replaces the earlier invitation" not in said
    said, second = invite(owner, world, email)
    assert f"{email} is invited. It replaces the earlier invitation, whose link no longer works." in said
    dead = visitor.get(f"/invitations/{first}")
    assert dead.status_code == 404
    assert "There is a newer invitation" in text_of(dead)
    assert "the same address was invited again, just now" in text_of(dead)
    assert visitor.get(f"/invitations/{second}").status_code == 200
    # Once it has been used, or withdrawn, there is none.
    accept(world.api, second, world.vault.password()).expect(201)
    for token in (first, second, first[:-1]):
        assert "This invitation is no longer valid" in text_of(visitor.get(f"/invitations/{token}"))


def test_a_link_does_not_name_a_newer_invitation_that_was_withdrawn(
    world: World, owner: Visitor, new_visitor: NewVisitor
) -> None:
    email = new_email()
    (_, first), _ = invite(owner, world, email), invite(owner, world, email)
    listed = owner.get(PAGE).text
    row = listed[listed.index(email) :]
    withdraw = re.search(r'action="(/account/members/invitations/[^"]+/withdraw)"', row)
    assert withdraw is not None
    owner.post(withdraw[1], [("csrf", owner.csrf())])
    assert "This invitation is no longer valid" in text_of(new_visitor().get(f"/invitations/{first}"))


def test_the_api_says_that_an_invitation_replaces_one_and_a_replay_says_the_same(world: World) -> None:
    body, bearer = {"email": new_email(), "role": "VIEWER"}, world.owner.access

    def post(key: str) -> bool:
        answer = world.api.post(
            "/account/users", bearer=bearer, json=body, headers=[("Idempotency-Key", key)], reveals=True, repeats=True
        )
        made = answer.expect(201).data()
        world.vault.remember("invitation token", made["link"].rpartition("/")[2])
        return bool(made["replaced"])

    assert [post("first"), post("first"), post("second"), post("second")] == [False, False, True, True]
