"""Companies connect in the console: invited, accepted, declined, ended, and joined by the link of a mail."""

from __future__ import annotations

from uuid import uuid4

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.client import INVITATION
from harness.people import new_email
from harness.world import World
from network.partners import declare_gln, invite, listed, new_account, new_partner, read, slug_of, token_of
from network.sharing import post_share
from products.catalogue import new_gtin


def _invited(world: World, visitor: Visitor, invitee: str, **typed: str) -> str:
    """The text of the page after an invitation."""
    answer = visitor.fill(visitor.get("/partners"), "/partners", invitee=invitee, **typed)
    return text_of(answer)


def test_a_company_is_invited_by_address_gln_or_name(world: World, editor: Visitor) -> None:
    address = new_email()
    assert f"{address} is invited." in _invited(world, editor, address)
    gln = new_gtin()
    assert "is invited." in _invited(world, editor, f"{gln[:3]} {gln[3:8]}-{gln[8:]}")
    assert gln in [one["invitee"] for one in listed(world, world.owner, "?limit=200")]
    slug = f"s{uuid4()}"[:20]
    assert f"{slug} is invited." in _invited(world, editor, slug)


def test_a_reload_shows_the_link_again(world: World, editor: Visitor) -> None:
    form, address = editor.get("/partners"), new_email()
    first, again = (editor.fill(form, "/partners", invitee=address) for _ in range(2))
    link = INVITATION.search(first.text)
    assert link is not None
    assert link.group() in again.text
    assert "is invited." in text_of(editor.fill(again, "/partners", invitee=new_email()))
    world.vault.remember("invitation token", link.group(1))


def test_a_refused_invitation_keeps_what_was_typed(world: World, editor: Visitor) -> None:
    for invitee in ("Not a name", "4012345000001", "no@address@example"):
        refused = editor.fill(editor.get("/partners"), "/partners", invitee=invitee, message="x" * 501)
        assert refused.status_code == 422, invitee
        assert 'id="e-invitee"' in refused.text, invitee
        kept = dict(editor.fields(refused, "/partners"))
        assert (kept["invitee"], kept["message"]) == (invitee, "x" * 501)
    assert "This is your own account." in _invited(world, editor, slug_of(world, world.owner))


def test_a_connection_ends_after_a_question_that_says_what_ends(world: World, editor: Visitor) -> None:
    partner, connection = new_partner(world)
    shared = post_share(world, connection=str(connection["id"])).expect(201)
    post_share(world, connection=str(connection["id"]), bearer=partner.access).expect(201)
    here = f"/partners/{connection['id']}"
    refused = editor.fill(editor.get(here), here, act="revoke", reason="x" * 501)
    assert refused.status_code == 422
    assert dict(editor.fields(refused))["reason"] == "x" * 501
    assert "Both companies are told." in text_of(editor.fill(editor.get(here), here, act="revoke"))
    asked = editor.fill(editor.get(here), here, act="revoke", reason="We changed suppliers.")
    said = text_of(asked)
    assert "1 share of yours and 1 share of theirs end." in said
    assert "Both companies are told, with the reason that you gave." in said
    kept = editor.fill(asked, here, confirm_cancel="yes")
    assert dict(editor.fields(kept))["reason"] == "We changed suppliers."
    assert read(world, world.owner, connection).expect(200).data()["status"] == "ACTIVE"
    ended = editor.fill(asked, here, sure="yes")
    assert ended.status_code == 303
    found = read(world, partner, connection).expect(200).data()
    assert (found["status"], found["reason"]) == ("REVOKED", "We changed suppliers.")
    assert "withdrawn" in text_of(editor.get(f"/shares/{shared.data()['id']}"))
    slug = slug_of(world, partner)
    assert f'href="/partners?invitee={slug}#invitee"' in editor.get(here).text
    assert dict(editor.fields(editor.get(f"/partners?invitee={slug}")))["invitee"] == slug


def test_the_gln_of_an_inviter_is_confirmed_only_by_who_ticks_it(world: World, editor: Visitor) -> None:
    """Security rule 229: accepting alone confirmed a GLN, also one that was not shown."""
    partner = new_account(world)
    for ticked in (False, True):
        gln = declare_gln(world, partner)
        made = invite(world, partner, inviteeSlug=slug_of(world, world.owner)).expect(201).data()
        here = f"/partners/{made['id']}"
        page = editor.get(here)
        assert f"Confirm their GLN {gln}" in text_of(page)
        typed = {"act": "accept"} | ({"gln": gln} if ticked else {})
        assert editor.fill(page, here, **typed).status_code == 303
        found = read(world, world.owner, made).expect(200).data()
        assert found["confirmedGln"] == (gln if ticked else None)
        world.api.post(f"/connections/{made['id']}/revoke", bearer=world.owner.access).expect(200)


def test_an_invitation_is_accepted_or_declined(world: World, new_visitor: NewVisitor, editor: Visitor) -> None:
    for act, status in (("accept", "ACTIVE"), ("decline", "DECLINED")):
        partner, connection = new_partner(world)
        world.api.post(f"/connections/{connection['id']}/revoke", bearer=world.owner.access).expect(200)
        made = invite(world, partner, inviteeSlug=slug_of(world, world.owner)).expect(201).data()
        here = f"/partners/{made['id']}"
        page = editor.get(here)
        assert "waits for your answer" in text_of(page)
        assert editor.fill(page, here, act=act).status_code == 303
        assert read(world, partner, made).expect(200).data()["status"] == status


def test_a_company_joins_by_the_link(world: World, new_visitor: NewVisitor) -> None:
    address = new_email("joined")
    link = f"/connections/invitations/{token_of(invite(world, world.owner, inviteeEmail=address))}"
    visitor = new_visitor()
    refused = visitor.fill(visitor.get(link), accountName="", password="short")
    assert refused.status_code == 422
    assert 'id="e-accountName"' in refused.text
    assert 'id="e-password"' in refused.text
    joined = visitor.fill(refused, accountName="Weaver Ltd", password=world.vault.password())
    assert joined.status_code == 303
    listed = text_of(visitor.get(joined.headers["location"]))
    assert "Your account is created, and you are connected." in listed
    assert world.account.name in listed
    assert "connected" in listed
    late = new_visitor().get(link)
    assert late.status_code == 404
    assert "ended" in text_of(late)


def test_the_page_of_a_link_does_not_tell_whether_the_address_has_an_account(
    world: World, new_visitor: NewVisitor
) -> None:
    """Security rule 194: without mail, the inviter has the link."""
    inviter, pages = new_account(world), []
    for address in (world.person("VIEWER").email, new_email("fresh")):
        link = f"/connections/invitations/{token_of(invite(world, inviter, inviteeEmail=address))}"
        page = new_visitor().get(link)
        assert page.status_code == 200
        assert "If this address has an account, sign in" in text_of(page)
        pages.append((text_of(page).replace(address, "…"), page.text.count("<input")))
    assert pages[0] == pages[1]


def test_an_unknown_action_is_rejected_only_on_a_page_of_the_own_company(world: World, editor: Visitor) -> None:
    partner, connection = new_partner(world)
    here = f"/partners/{connection['id']}"
    page = editor.get(here)
    assert editor.fill(page, here, act="merge").status_code == 400
    unknown = invite(world, partner, inviteeSlug=slug_of(world, new_account(world))).expect(201).data()
    sent = [(name, value) for name, value in editor.fields(page, here) if name != "act"]
    for act in ("merge", "accept", "decline", "revoke"):
        assert editor.post(f"/partners/{unknown['id']}", [*sent, ("act", act)]).status_code == 404, act
    assert read(world, partner, unknown).expect(200).data()["status"] == "PENDING"


def test_a_link_is_accepted_by_the_person_that_it_names(world: World, new_visitor: NewVisitor, editor: Visitor) -> None:
    partner, connection = new_partner(world)
    world.api.post(f"/connections/{connection['id']}/revoke", bearer=world.owner.access).expect(200)
    person = world.person("OWNER")
    link = f"/connections/invitations/{token_of(invite(world, partner, inviteeEmail=person.email))}"
    other = editor.get(link)
    assert f"Only {person.email} can accept this invitation" in text_of(other)
    assert 'action="/sign-out"' in other.text
    visitor = new_visitor(person)
    accepted = visitor.fill(visitor.get(link))
    assert accepted.status_code == 303
    assert "You are connected with" in text_of(visitor.get(accepted.headers["location"]))
