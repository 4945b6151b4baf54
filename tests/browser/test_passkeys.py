"""Passkeys in a browser with a virtual authenticator: made, used, refused and removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from attacks.test_required_passkey import new_member
from browser.chromium import new_page, press_sign_out, sign_in
from browser.conftest import watch
from conftest import ServerFactory, checked_for_leaks
from harness.people import Person
from harness.rows import execute
from harness.world import World, build_world

AUTHENTICATOR: dict[str, Any] = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def named_site(new_server: ServerFactory) -> Iterator[World]:
    """A server with a host name: browsers make no passkeys for an address."""
    server = new_server("sqlite")
    server.environment["LINKXG_PUBLIC_URL"] = f"http://localhost:{server.port}"
    yield from checked_for_leaks(build_world(server))


# A virtual authenticator answers an offer in the list of a field at once, as if its person had chosen it.
NO_OFFERS = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;"


class Device:
    """A browser with an authenticator of its own; unless it `offers` passkeys in fields, only buttons ask for one."""

    def __init__(self, browser: Browser, url: str, *, offers: bool = False, **options: Any) -> None:
        self.page = new_page(browser, url)
        if not offers:
            self.page.add_init_script(NO_OFFERS)
        self._cdp: CDPSession = self.page.context.new_cdp_session(self.page)
        self._cdp.send("WebAuthn.enable", {"enableUI": False})
        added = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | options})
        self._id = added["authenticatorId"]

    def send(self, command: str, **arguments: Any) -> Any:
        return self._cdp.send(f"WebAuthn.{command}", {"authenticatorId": self._id, **arguments})

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send("getCredentials")["credentials"]
        return found


@pytest.fixture
def url(named_site: World) -> str:
    return named_site.server.environment["LINKXG_PUBLIC_URL"]


@pytest.fixture
def troubles() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert not found, found


@pytest.fixture
def device(browser: Browser, url: str, troubles: list[str]) -> Iterator[Device]:
    made = Device(browser, url)
    watch(made.page, url, troubles)
    yield made
    made.page.context.close()


@pytest.fixture
def offering_device(browser: Browser, url: str, troubles: list[str]) -> Iterator[Device]:
    made = Device(browser, url, offers=True)
    watch(made.page, url, troubles)
    yield made
    made.page.context.close()


@pytest.fixture
def member(named_site: World) -> Person:
    return named_site.person()


def add(page: Page, name: str) -> None:
    """The first passkey of a person."""
    page.goto("/account/passkeys")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Name (optional)").fill(name)
    page.get_by_role("button", name="Create passkey").click()
    # The first factor of a person brings recovery codes.
    page.get_by_role("link", name="I have stored them: go on").click()
    page.get_by_role("link", name=name).wait_for()


def sign_out(page: Page) -> None:
    press_sign_out(page)
    page.wait_for_url("**/sign-in?**")


def sign_in_with_passkey(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda found: "/sign-in" not in found)


def test_a_passkey_is_made_and_signs_in(device: Device, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Work phone")
    (made,) = device.credentials()
    assert made["isResidentCredential"]
    assert made["rpId"] == "localhost"
    page.get_by_role("cell", name="never").wait_for()
    sign_out(page)
    sign_in_with_passkey(page)
    assert page.locator(".who .email").inner_text() == member.email


def test_the_email_field_offers_passkeys(offering_device: Device, member: Person) -> None:
    """Conditional mediation (WebAuthn Level 3 §5.1.4)."""
    page = offering_device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    press_sign_out(page)
    page.wait_for_url("**/products")
    assert page.locator(".who .email").inner_text() == member.email


def test_a_removed_passkey_signs_nobody_in(device: Device, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Old laptop")
    page.get_by_role("button", name="Remove Old laptop").click()
    page.get_by_role("button", name="Remove passkey").click()
    page.get_by_text("The passkey “Old laptop” is removed.").wait_for()
    page.get_by_text("You have no passkey.").wait_for()
    sign_out(page)
    # The browser still has it.
    assert len(device.credentials()) == 1
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey could not be verified.").first.wait_for()


def test_a_passkey_is_renamed(device: Device, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    page.get_by_role("link", name="Phone").click()
    page.get_by_label("Name").fill("Grey phone")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Grey phone").wait_for()


def test_a_device_gets_one_passkey_only(device: Device, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "First")
    page.goto("/account/passkeys")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Create passkey").click()
    page.get_by_text("This device already has a passkey for you.").wait_for()
    assert len(device.credentials()) == 1


def test_a_person_who_is_not_verified_does_not_sign_in(device: Device, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    sign_out(page)
    device.send("setUserVerified", isUserVerified=False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("No passkey was used. Try again, or choose another way.").wait_for()


def test_a_copied_passkey_is_refused(device: Device, member: Person) -> None:
    """The copy counts from an earlier number than the device that has been used since."""
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    sign_out(page)
    sign_in_with_passkey(page)
    sign_out(page)
    (credential,) = device.credentials()
    assert credential["signCount"] > 1
    device.send("removeCredential", credentialId=credential["credentialId"])
    device.send("addCredential", credential=credential | {"signCount": 0})
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey could not be verified.").first.wait_for()


def test_an_answer_cannot_be_sent_again(device: Device, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    sign_out(page)
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/sign-in")) as sent:
        sign_in_with_passkey(page)
    body = sent.value.post_data
    assert body is not None
    assert "credential=%7B" in body
    sign_out(page)
    answer = page.request.post(
        "/sign-in", data=body, headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "none"}
    )
    assert answer.status == 401
    assert "The passkey could not be verified." in answer.text()


def test_browsers_use_no_passkey_at_another_address(
    browser: Browser, named_site: World, device: Device, member: Person
) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    elsewhere = Device(browser, named_site.server.url)
    elsewhere.page.goto("/sign-in")
    elsewhere.page.get_by_role("button", name="Sign in with a passkey").click()
    elsewhere.page.get_by_text("Your browser does not use passkeys for this address.").wait_for()
    elsewhere.page.context.close()


def test_without_script_the_password_remains(browser: Browser, url: str, member: Person) -> None:
    page = new_page(browser, url, java_script_enabled=False)
    page.goto("/sign-in")
    page.get_by_text("Signing in with a passkey needs JavaScript").wait_for()
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
    sign_in(page, member.email, member.password)
    page.context.close()


def test_a_site_at_an_address_offers_no_passkeys(site: World, browser: Browser, someone: Person) -> None:
    page = new_page(browser, site.server.url)
    page.goto("/sign-in")
    assert page.get_by_label("E-mail").get_attribute("autocomplete") == "username"
    assert page.locator("[data-passkey]").count() == 0
    sign_in(page, someone.email, someone.password)
    page.goto("/account/passkeys")
    page.get_by_text("They need a host name and HTTPS.").wait_for()
    page.context.close()


def test_a_passkey_follows_the_password(device: Device, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    sign_out(page)
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password").fill(member.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Use your passkey").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda found: "/sign-in" not in found)


def test_a_passkey_confirms_a_sensitive_action(device: Device, named_site: World, member: Person) -> None:
    page = device.page
    sign_in(page, member.email, member.password)
    add(page, "Phone")
    earlier = "authenticated_at = authenticated_at - 660000"
    execute(named_site.server.database, f"UPDATE sessions SET {earlier} WHERE user_id = '{member.user_id}'")
    page.goto("/account/passkeys")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("heading", name="Confirm it is you").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Create passkey").wait_for()


def test_a_required_factor_can_be_a_passkey_from_the_beginning(named_site: World, device: Device) -> None:
    """The set-up at sign-in offered the app alone."""
    person = new_member(named_site)
    page = device.page
    page.goto("/sign-in?next=/account/passkeys")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Set up a second factor").wait_for()
    named_site.vault.remember("secret of an authenticator app", page.locator("#totp-secret").inner_text())
    page.get_by_label("Name of the passkey").fill("Work phone")
    page.get_by_role("button", name="Create passkey and sign in").click()
    page.get_by_role("heading", name="Keep these recovery codes").wait_for()
    codes = [named_site.vault.remember("recovery code", one) for one in page.locator(".codes code").all_inner_texts()]
    assert len(codes) == 10
    page.get_by_role("link", name="I have stored them").click()
    page.get_by_role("link", name="Work phone").wait_for()
    assert codes[0] not in page.content()
    assert len(device.credentials()) == 1
    sign_out(page)
    sign_in_with_passkey(page)
