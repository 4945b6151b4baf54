"""Every page of a sign-in, with and without a second factor."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from uuid import uuid4

from playwright.sync_api import Page

from browser.chromium import sign_in
from browser.showcase import Showcase
from harness.databases import SqliteDatabase
from harness.factors import add_totp, person_with_totp
from harness.people import Person, add_person, invite, refresh, session_of
from harness.rows import execute
from network.partners import invite as invite_company
from network.partners import new_account, token_of
from password_reset.links import link_for

INVITED = "nora.lindqvist@example.test"


def enter(page: Page, person: Person) -> None:
    sign_in(page, person.email, person.password)
    # What the page behind the form still loads is no part of the page that is opened next.
    page.wait_for_load_state("networkidle")


def outside(page: Page, showcase: Showcase) -> Iterator[str]:
    world = showcase.world
    page.goto("/sign-in")
    yield "sign-in"
    page.goto("/sign-in/sso")
    yield "sso"
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("nobody@example.test")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("alert").wait_for()
    yield "sign-in-refused"
    _, token = invite(world.api, world.owner, "VIEWER", INVITED)
    page.goto(f"/invitations/{token}")
    yield "invitation"
    page.goto("/invitations/lxginv_none")
    yield "invitation-ended"
    page.goto("/password-reset")
    yield "password-reset"
    page.goto(f"/password-reset/{link_for(world, showcase.member)}")
    yield "new-password"
    page.goto("/password-reset/lxgrst_none")
    yield "password-reset-ended"
    invited = invite_company(world, world.owner, inviteeEmail=f"ida.weaver+{uuid4().hex[:8]}@example.test").expect(201)
    page.goto(f"/connections/invitations/{token_of(invited)}")
    yield "partner-invitation"
    page.goto("/sign-up")
    yield "sign-up-closed"
    page.goto("/sign-up/lxgsup_none")
    yield "sign-up-ended"
    page.goto(f"/sign-in/sso/{uuid4()}/callback?state=none&code=none")
    yield "sso-refused"
    page.goto("/email-changes/lxgeml_none")
    yield "email-change-ended"
    page.goto("/nothing")
    yield "error-outside"


def second_factor(page: Page, showcase: Showcase) -> Iterator[str]:
    """Of somebody who has one, and is gone afterwards."""
    world = showcase.world
    person = add_person(world.api, world.owner, "OWNER")
    _, app = person_with_totp(world.api, person)
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Enter a code").wait_for()
    yield "sign-in-code"
    page.get_by_role("button", name="Use a recovery code instead").click()
    page.get_by_label("Recovery code").fill("000000-000000-000000-000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("alert").wait_for()
    yield "sign-in-code-refused"
    page.get_by_label("Recovery code").fill(app.codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/account/security")
    yield "security-factor"
    page.get_by_role("button", name="Replace the authenticator app").click()
    world.vault.remember("secret of an authenticator app", page.locator("#totp-secret").inner_text())
    yield "new-app"
    page.goto("/account/security")
    page.get_by_role("button", name="New recovery codes…").click()
    page.get_by_role("heading", name="Replace your recovery codes?").wait_for()
    yield "recovery-codes-ask"
    page.get_by_role("button", name="Show new codes").click()
    for code in page.locator(".codes code").all_inner_texts():
        world.vault.remember("recovery code", code)
    yield "recovery-codes"
    page.goto("/account/sign-in-rules")
    page.locator('[value="EVERYBODY"]').check(force=True)
    page.get_by_label("From (optional)").fill("2099-01-01")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Require a second factor?").wait_for()
    yield "sign-in-rules-ask"
    page.context.clear_cookies()
    world.api.delete(f"/account/users/{person.user_id}", bearer=world.owner.access).expect(204)


def required_factor(page: Page, showcase: Showcase) -> Iterator[str]:
    """The set-up of a first factor at sign-in, in an account of its own."""
    world = showcase.world
    owner = new_account(world)
    add_totp(world.api, owner)
    owner = session_of(owner.person, refresh(world.api, owner.refresh).expect(200))
    member = add_person(world.api, owner, "VIEWER")
    enter(page, member)
    page.goto("/account/welcome")
    yield "welcome-viewer"
    world.api.patch("/account", bearer=owner.access, json={"mfaRequirement": "EVERYBODY"}).expect(200)
    page.goto("/account/profile")
    page.get_by_text("your account requires a second factor now").wait_for()
    yield "sign-in-ended"
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password").fill(member.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Set up a second factor").wait_for()
    world.vault.remember("secret of an authenticator app", page.locator("#totp-secret").inner_text())
    yield "sign-in-set-up"
    page.context.clear_cookies()


def add_passkey(page: Page, showcase: Showcase) -> Iterator[str]:
    """Browsers make none for an address, so its row is written; it is gone afterwards."""
    world, passkey_id = showcase.world, str(uuid4())
    owner = world.account.owner.user_id
    execute(
        world.server.database,
        "INSERT INTO passkeys (account_id, id, user_id, credential_id, user_handle, public_key, sign_count,"
        " backup_eligible, backed_up, transports, aaguid, name, created_at)"
        f" SELECT account_id, '{passkey_id}', id, x'01', x'02', x'03', 0, 1, 1, '', '{uuid4()}', 'Phone', created_at"
        f" FROM users WHERE id = '{owner}'",
    )
    page.goto(f"/account/passkeys/{passkey_id}")
    yield "passkey"
    execute(world.server.database, f"DELETE FROM passkeys WHERE id = '{passkey_id}'")


def asked_again(page: Page, showcase: Showcase) -> Iterator[str]:
    """The password was given long ago, so a sensitive act asks for it."""
    database = showcase.world.server.database
    assert isinstance(database, SqliteDatabase)
    with sqlite3.connect(database.path, timeout=10) as connection:
        connection.execute("UPDATE sessions SET authenticated_at = authenticated_at - 700000 WHERE kind = 'console'")
    page.goto(f"/account/api-access/{showcase.erp.client_id}/delete")
    page.get_by_role("button", name="Delete client").click()
    page.get_by_role("heading", name="Confirm it is you — delete the client").wait_for()
    yield "confirm"
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Confirm and delete the client").click()
    page.get_by_role("alert").wait_for()
    yield "confirm-refused"
    page.goto("/account/api-access/new")
    page.get_by_label("Name").fill("Typed before the session ended")
    with sqlite3.connect(database.path, timeout=10) as connection:
        connection.execute("UPDATE sessions SET refresh_expires_at = 1 WHERE kind = 'console'")
    page.get_by_role("button", name="Create client").click()
    page.get_by_text("your input is saved").wait_for()
    yield "sign-in-carried"
