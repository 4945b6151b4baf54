"""Somebody whom an identity provider created, as Owners see them in the console."""

from __future__ import annotations

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.people import Session, me
from harness.rows import execute
from harness.world import World
from network.partners import new_account
from scim.provider import Provider, new_provider


@pytest.fixture
def company(world: World, new_visitor: NewVisitor) -> tuple[Provider, Visitor, Session]:
    """(the identity provider, its Owner in the console, their session) of an account of its own."""
    session = new_account(world)
    return new_provider(world, session), new_visitor(session.person), session


def member_page(owner: Visitor, user_id: str) -> str:
    return text_of(owner.get(f"/account/members/{user_id}"))


def test_they_are_shown_by_name_and_have_no_password(company: tuple[Provider, Visitor, Session]) -> None:
    provider, owner, _ = company
    made = provider.create(name={"givenName": "Anna", "familyName": "Berg"})
    assert "Anna Berg" in text_of(owner.get("/account/members"))
    shown = member_page(owner, made["id"])
    assert "Anna Berg" in shown
    assert "password alone" not in shown
    assert "They have no password either" in shown
    assert "They have none. A link lets them choose one." in shown


def test_what_the_account_requires_is_said(world: World, company: tuple[Provider, Visitor, Session]) -> None:
    provider, owner, session = company
    made = provider.create(roles=["ADMIN"])["id"]
    own = me(world.api, session.access).expect(200).data()["id"]
    assert "None: their password alone signs them in." in member_page(owner, own)
    execute(
        world.server.database,
        "UPDATE accounts SET mfa_requirement = 'ADMINISTRATORS', mfa_required_from = 4070908800000 "
        f"WHERE id = (SELECT account_id FROM users WHERE id = '{own}')",
    )
    assert "signs them in until 1 Jan 2099, 00:00 UTC, when the account requires one" in member_page(owner, own)
    assert "With a password, the account requires a second factor." in member_page(owner, made)


def test_the_audit_log_names_the_token(company: tuple[Provider, Visitor, Session]) -> None:
    provider, owner, _ = company
    provider.create()
    shown = text_of(owner.get("/account/audit?action=user.provisioned"))
    assert "IdP SCIM token, from" in shown
