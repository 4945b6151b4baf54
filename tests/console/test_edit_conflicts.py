"""An edit form sends only what its person changed: a colleague's change of another field survives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from console.test_permissions import GUARDED
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient, make_client, rotate
from harness.concurrency import concurrently
from harness.people import Person
from harness.world import World
from products.catalogue import new_gtin

CLIENT, MEMBER = "/account/api-access/{client_id}", "/account/members/{user_id}"
NO_EDITS = {
    "/sign-out": "ends the session",
    "/account/api-access/new": "creates",
    "/account/members": "invites",
    "/account/profile/email": "asks for a link",
    "/account/provisioning": "creates",
    "/account/provisioning/{token_id}/revoke": "ends",
    "/account/passkeys/new": "creates",
    "/account/passkeys/{passkey_id}": "sets one value, which only its person changes",
    "/account/passkeys/{passkey_id}/remove": "deletes",
    "/account/security": "adds or removes", "/account/security/codes": "answers with a file",
    "/sign-in/continue": "sends another form",
    "/account/single-sign-on": "needs a provider: tests/sso/test_console.py tries it",
    "/account/single-sign-on/actions": "tests or ends",
    "/account/single-sign-on/domains": "creates or ends",
    "/account/password": "sets one value that nobody else may know",
    "/account/sessions/{session_id}/end": "ends",
    "/account/members/invitations/{invitation_id}/withdraw": "ends",
    "/account/members/{user_id}/password-link": "creates",
    "/partners": "invites",
    "/shared/{product_id}/acknowledge": "sets one value",
    "/shared/{product_id}/adopt": "creates",
    "/partners/{connection_id}": "answers or ends",
    "/partners/{connection_id}/share": "creates",
    "/partners/{connection_id}/ask": "creates",
    "/requests/{request_id}": "decides",
    "/requests/passports/{access_request_id}": "decides",
    "/requests/passport-links/{grant_id}": "ends",
    "/traceability/recalls/new": "creates",
    "/traceability/recalls/{recall_id}": "records once, or ends",
    "/traceability/notices/{notice_id}": "answers once",
    "/shares/{share_id}": "ends",
    "/imports": "creates",
    "/events/captures": "creates",
    "/events/queries": "creates",
    "/events/queries/{query_name}": "deletes",
    "/events/subscriptions/new": "creates",
    "/events/subscriptions/{subscription_id}": "resumes or ends",
    "/imports/{import_id}/cancel": "ends",
    "/imports/{import_id}/retry": "begins",
    "/imports/{import_id}/apply": "begins",
    f"{CLIENT}/disable": "sets one flag", f"{CLIENT}/enable": "sets one flag", f"{CLIENT}/delete": "deletes",
    f"{CLIENT}/rotate": "creates a secret", f"{CLIENT}/test": "asks", f"{CLIENT}/env": "answers with a file",
    f"{CLIENT}/secrets/{{secret_id}}/finish": "ends",
    f"{CLIENT}/keys": "creates", f"{CLIENT}/keys/{{key_id}}/remove": "ends",
    f"{CLIENT}/trusts": "creates", f"{CLIENT}/trusts/{{trust_id}}/remove": "ends",
    f"{CLIENT}/certificates": "creates", f"{CLIENT}/certificates/{{certificate_id}}/remove": "deletes",
}  # fmt: skip
SCOPES = ["products:read", "products:write", "dpp:read"]
RANGES = ["10.0.0.0/8", "127.0.0.0/8"]


def stored(world: World, oauth: OAuthClient) -> dict[str, Any]:
    found = world.api.get(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(200).object()
    return {name: found[name] for name in ("client_name", "scope", "allowed_cidrs", "self_rotation", "disabled")}


def colleague(world: World, oauth: OAuthClient, **body: Any) -> None:
    world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json=body).expect(200)


def new_client(world: World) -> OAuthClient:
    oauth = make_client(world.api, world.owner, " ".join(SCOPES), client_name="Before")
    colleague(world, oauth, allowed_cidrs=RANGES)
    return oauth


Edit = tuple[dict[str, Any], dict[str, Any]]
"""What a person fills in, and the members of the API that it changes."""
SETTINGS: dict[str, Edit] = {
    "name": ({"name": "Mine"}, {"client_name": "Mine"}),
    "ranges": ({"ranges": "127.0.0.0/8\n10.0.0.0/8\n192.0.2.0/24"}, {"allowed_cidrs": [*RANGES, "192.0.2.0/24"]}),
    "self_rotation": ({"self_rotation": []}, {"self_rotation": False}),
    "scope": ({"scope": SCOPES[:2]}, {"scope": " ".join(SCOPES[:2])}),
}


def edit_settings(world: World, owner: Visitor) -> None:
    for mine, (filled, changed) in SETTINGS.items():
        for theirs, (_, change) in SETTINGS.items():
            if mine == theirs:
                continue
            oauth = new_client(world)
            page = f"/account/api-access/{oauth.client_id}"
            form = owner.get(page)
            colleague(world, oauth, **change)
            answer = owner.fill(form, page, **filled)
            if answer.status_code == 200:
                assert "Narrow what" in text_of(answer)
                answer = owner.fill(answer, sure="yes")
            assert answer.status_code == 303, text_of(answer)
            after = stored(world, oauth)
            assert after | change | changed == after, (mine, theirs)


def edit_role(world: World, owner: Visitor) -> None:
    person = world.person("MEMBER")
    page = f"/account/members/{person.user_id}"
    form = owner.get(page)
    change_user(world, person, disabled=True)
    assert owner.post(page, [*(("csrf", v) for k, v in owner.fields(form, page) if k == "csrf"), ("act", "role"),
                             ("was.role", "MEMBER"), ("role", "ADMIN")]).status_code == 303  # fmt: skip
    shown = text_of(owner.get(page))
    assert "Admin, disabled" in shown


def edit_unused_scopes(world: World, owner: Visitor) -> None:
    oauth = new_client(world)
    path = f"/account/api-access/{oauth.client_id}/least-scope"
    colleague(world, oauth, scope=" ".join(SCOPES[1:]))
    assert owner.post(path, [("csrf", owner.csrf()), ("remove", "dpp:read")]).status_code == 303
    assert stored(world, oauth)["scope"] == "products:write"


def edit_binding(world: World, owner: Visitor) -> None:
    oauth = new_client(world)
    pem = {"certificate": ClientCertificate().pem}
    path = f"/oauth/clients/{oauth.client_id}/certificates"
    world.api.post(path, bearer=world.owner.access, json=pem).expect(201)
    page = f"/account/api-access/{oauth.client_id}"
    form = owner.get(f"{page}/authentication")
    colleague(world, oauth, dpop_bound_access_tokens=True)
    assert owner.fill(form, f"{page}/binding", bound="yes").status_code == 303
    found = world.api.get(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(200).object()
    assert found["dpop_bound_access_tokens"] is True
    assert found["tls_client_certificate_bound_access_tokens"] is True


def edit_end(world: World, owner: Visitor) -> None:
    oauth = new_client(world)
    rotate(world.api, oauth, world.owner.access, grace_period_seconds=3_600).expect(200)
    page = f"/account/api-access/{oauth.client_id}"
    action = f"{page}/secrets/{oauth.secret_id}/extend"
    form = owner.get(page)
    assert owner.fill(form, action, overlap="604800").status_code == 303
    late = owner.fill(form, action, overlap="86400")
    assert "Somebody else has changed the end in the meantime." in text_of(late)
    assert "in 7 d" in text_of(owner.get(page))


def edit_methods(world: World, owner: Visitor) -> None:
    oauth = new_client(world)
    page = f"/account/api-access/{oauth.client_id}/authentication"
    form = owner.get(page)
    colleague(world, oauth, token_endpoint_auth_methods=["client_secret_post"])
    late = owner.fill(form, page, method=["client_secret_basic"])
    assert late.status_code == 409
    assert "Somebody else has changed the methods in the meantime." in text_of(late)
    assert owner.fill(late, page, method=["client_secret_basic"]).status_code == 303


def edit_company(world: World, owner: Visitor) -> None:
    page = "/account/company"
    form = owner.get(page)
    gln = new_gtin()
    world.api.patch("/account", bearer=world.owner.access, json={"gln": gln}).expect(200)
    name = f"Acme {uuid4()}"
    assert owner.fill(form, page, name=name).status_code == 303
    shown = dict(owner.fields(owner.get(page), page))
    assert (shown["name"], shown["gln"]) == (name, gln)
    late = owner.fill(form, page, name="Another")
    assert late.status_code == 409
    assert "Name was changed by somebody else while you worked." in text_of(late)
    world.api.patch("/account", bearer=world.owner.access, json={"name": world.account.name}).expect(200)


def edit_profile(world: World, owner: Visitor) -> None:
    page = "/account/profile"
    form = owner.get(page)
    assert owner.fill(form, page, language="fr").status_code == 303
    assert owner.fill(form, page, name="Ada Weaver").status_code == 303
    shown = dict(owner.fields(owner.get(page), page))
    assert (shown["name"], shown["language"]) == ("Ada Weaver", "fr")
    late = owner.fill(form, page, name="Another")
    assert late.status_code == 409
    assert "Name was changed by somebody else while you worked." in text_of(late)
    assert owner.fill(late, page, **{"choice.name": "mine"}).status_code == 303
    assert dict(owner.fields(owner.get(page), page))["name"] == "Another"


def edit_rules(world: World, owner: Visitor) -> None:
    page = "/account/sign-in-rules"
    form = owner.get(page)
    change_account(world, stepUpMinutes=60)
    saved = owner.fill(form, page, requirement="ADMINISTRATORS", since="2099-01-01", sure="yes")
    assert saved.status_code == 303, text_of(saved)
    shown = dict(owner.fields(owner.get(page), page))
    assert (shown["requirement"], shown["since"], shown["minutes"]) == ("ADMINISTRATORS", "2099-01-01", "60")
    late = owner.fill(form, page, minutes="30")
    assert late.status_code == 409
    assert "Confirm sensitive actions after was changed by somebody else while you worked." in text_of(late)
    change_account(world, mfaRequirement="NONE", stepUpMinutes=None)


EDITS: dict[str, Callable[[World, Visitor], None]] = {
    CLIENT: edit_settings,
    MEMBER: edit_role,
    "/account/company": edit_company,
    "/account/profile": edit_profile,
    "/account/sign-in-rules": edit_rules,
    f"{CLIENT}/authentication": edit_methods,
    f"{CLIENT}/least-scope": edit_unused_scopes,
    f"{CLIENT}/binding": edit_binding,
    f"{CLIENT}/secrets/{{secret_id}}/extend": edit_end,
}


def change_user(world: World, person: Person, **body: Any) -> None:
    world.api.patch(f"/account/users/{person.user_id}", bearer=world.owner.access, json=body).expect(200)


def change_account(world: World, **body: Any) -> None:
    world.api.patch("/account", bearer=world.owner.access, json=body).expect(200)


def _templates() -> Iterator[str]:
    for method, template, _ in GUARDED:
        if method == "POST" and not template.startswith("/products"):
            yield template.replace(":str", "")


def test_every_edit_form_is_tested() -> None:
    assert set(_templates()) == EDITS.keys() | NO_EDITS.keys()


@pytest.mark.parametrize("template", EDITS)
def test_a_colleagues_change_of_another_field_survives(world: World, owner: Visitor, template: str) -> None:
    EDITS[template](world, owner)


@pytest.mark.parametrize(("choice", "kept"), [("theirs", "Theirs"), ("mine", "Mine")])
def test_a_conflict_shows_both_values(world: World, owner: Visitor, choice: str, kept: str) -> None:
    oauth = new_client(world)
    page = f"/account/api-access/{oauth.client_id}"
    form = owner.get(page)
    colleague(world, oauth, client_name="Theirs", scope="products:read")
    asked = owner.fill(form, page, name="Mine", self_rotation=[])
    assert asked.status_code == 409
    assert "<title>Error: " in asked.text
    said = text_of(asked)
    assert f"Name was changed by {world.owner.person.email}, just now. Choose which value to keep." in said
    assert "Theirs: Theirs" in said
    assert "Mine: Mine" in said
    saved = owner.fill(asked, page, **{"choice.name": choice})
    assert saved.status_code == 303, text_of(saved)
    after = stored(world, oauth)
    assert (after["client_name"], after["scope"], after["self_rotation"]) == (kept, "products:read", False)


def test_a_save_says_what_a_colleague_changed_meanwhile(world: World, owner: Visitor) -> None:
    oauth = new_client(world)
    page = f"/account/api-access/{oauth.client_id}"
    form = owner.get(page)
    colleague(world, oauth, scope="products:read products:write", self_rotation=False)
    saved = text_of(owner.get(owner.fill(form, page, name="Mine").headers["location"]))
    assert "Saved. Name changed." in saved
    expected = f"{world.owner.person.email} changed May rotate its own secret and removed dpp:read in the meantime;"
    assert f"{expected} those changes are kept." in saved
    form = owner.get(page)
    colleague(world, oauth, scope="products:read products:write dpp:read")
    saved = text_of(owner.get(owner.fill(form, page, name="Mine again").headers["location"]))
    assert f"{world.owner.person.email} added dpp:read in the meantime; that change is kept." in saved


def test_unused_scopes_removed_in_the_same_moment_are_all_removed(world: World, owner: Visitor) -> None:
    csrf = owner.csrf()
    for _ in range(4):
        oauth = new_client(world)
        path = f"/account/api-access/{oauth.client_id}/least-scope"
        gone = SCOPES[1:]
        answers = concurrently([partial(owner.post, path, [("csrf", csrf), ("remove", scope)]) for scope in gone])
        assert [answer.status_code for answer in answers] == [303, 303]
        assert stored(world, oauth)["scope"] == SCOPES[0]


def test_a_client_keeps_one_scope_and_the_page_says_so(world: World, owner: Visitor) -> None:
    path = f"/account/api-access/{new_client(world).client_id}/least-scope"
    answer = owner.post(path, [("csrf", owner.csrf()), *(("remove", scope) for scope in SCOPES)])
    assert answer.status_code == 422
    assert "<title>Error: Least scope" in answer.text
    assert "A client must keep at least one scope" in text_of(answer)


def test_too_many_ranges_are_an_error_at_the_field(world: World, owner: Visitor) -> None:
    """Whoever pastes 33 ranges finds all of them still there, on both forms that take ranges."""
    page = f"/account/api-access/{new_client(world).client_id}"
    ranges = "\n".join(f"192.0.2.{number}/32" for number in range(33))
    for path in (page, "/account/api-access/new"):
        answer = owner.fill(owner.get(path), path, name="Typed", scope=SCOPES, ranges=ranges)
        assert answer.status_code == 422, path
        assert "Enter at most 32 address ranges; there are 33." in text_of(answer)
        fields = dict(owner.fields(answer, path))
        assert (fields["name"], fields["ranges"]) == ("Typed", ranges)


def test_two_changes_of_one_role_conflict(world: World, owner: Visitor) -> None:
    person = world.person("MEMBER")
    page = f"/account/members/{person.user_id}"
    form = owner.get(page)
    change_user(world, person, role="VIEWER")
    sent = [(n, v) for n, v in owner.fields(form, page) if n in ("csrf", "was.role")] + [("act", "role")]
    assert owner.post(page, [*sent, ("role", "MEMBER")]).headers["location"].startswith(f"{page}?message=Nothing")
    asked = owner.post(page, [*sent, ("role", "ADMIN")])
    assert asked.status_code == 409
    assert "Theirs: VIEWER" in text_of(asked)
    assert "Viewer" in text_of(owner.get(page))


def test_a_save_says_which_fields_changed(world: World, owner: Visitor) -> None:
    oauth = new_client(world)
    page = f"/account/api-access/{oauth.client_id}"
    for filled, expected in (
        ({}, "Nothing changed."),
        ({"name": "After", "self_rotation": []}, "Saved. Name, May rotate its own secret changed."),
        ({"scope": SCOPES[:1], "sure": "yes"},
         "Saved. products:write, dpp:read removed; the client's live tokens are revoked."),
        ({"scope": SCOPES[:2]}, "Saved. products:write added."),
    ):  # fmt: skip
        answer = owner.fill(owner.get(page), page, **filled)
        assert answer.status_code == 303, text_of(answer)
        assert expected in text_of(owner.get(answer.headers["location"]))
    forged = owner.get(f"{page}?message=Your+password+is+needed&mac={'0' * 32}")
    assert "Your password is needed" not in forged.text
