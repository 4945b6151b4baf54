"""The tour of the console: every page, and how to reach it.

One walk for whoever looks at every page: the pictures and the accessibility scan.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from playwright.sync_api import Page

from browser.passport_tour import passports
from browser.showcase import Showcase
from browser.sign_in_tour import INVITED, add_passkey, asked_again, enter, outside, required_factor, second_factor
from browser.tracing_tour import tracing
from harness.client_certificates import ClientCertificate
from products.catalogue import change


def tour(page: Page, showcase: Showcase) -> Iterator[str]:
    """Opens page after page and tells the name of each."""
    yield from outside(page, showcase)
    yield from second_factor(page, showcase)
    yield from required_factor(page, showcase)
    enter(page, showcase.world.account.owner)
    yield from _inside(page, showcase)
    yield from _products(page, showcase)
    yield from _imports(page, showcase)
    yield from _events(page, showcase)
    yield from _sharing(page, showcase)
    yield from passports(page, showcase)
    yield from tracing(page, showcase)
    # On a slow machine more than ten minutes have passed, after which a secret asks for a password.
    page.context.clear_cookies()
    enter(page, showcase.world.account.owner)
    yield from _secrets(page, showcase)
    yield from asked_again(page, showcase)
    page.context.clear_cookies()
    enter(page, showcase.world.other.owner)
    for name, path in {
        "api-access-empty": "/account/api-access",
        "refused-empty": "/account/refusals",
        "products-empty": "/products",
        "imports-empty": "/imports",
        "events-empty": "/events",
        "captures-empty": "/events/captures",
        "subscriptions-empty": "/events/subscriptions",
        "audit-empty": "/account/audit?action=token.revoked",
    }.items():
        page.goto(path)
        yield name


def _inside(page: Page, showcase: Showcase) -> Iterator[str]:
    erp, shop = (f"/account/api-access/{oauth.client_id}" for oauth in (showcase.erp, showcase.shop))
    pages = {
        "api-access": "/account/api-access",
        "search-empty": "/account/api-access?q=nothing",
        "new-client": "/account/api-access/new",
        "client": erp,
        "overlap": shop,
        "resource-server": f"/account/api-access/{showcase.guarded.client_id}",
        "rotate": f"{erp}/rotate",
        "rotate-again": f"{shop}/rotate",
        "authentication": f"{erp}/authentication",
        "least-scope": f"{erp}/least-scope",
        "least-scope-unused": f"{shop}/least-scope",
        "client-authentication": f"{erp}/authentication",
        "delete-client": f"{erp}/delete",
        "refused": "/account/refusals",
        "members": "/account/members",
        "member": f"/account/members/{showcase.member.user_id}",
        "profile": "/account/profile",
        "security": "/account/security",
        "sign-in-rules": "/account/sign-in-rules",
        "sessions": "/account/sessions",
        "password": "/account/password",
        "welcome": "/account/welcome",
        "passkeys": "/account/passkeys",
        "audit": "/account/audit",
        "verdict": "/account/audit/verify",
        "error": "/products/none",
    }
    for name, path in pages.items():
        page.goto(path)
        yield name
    page.goto(shop)
    page.get_by_role("button", name="Finish now…").click()
    page.get_by_role("heading", name="The old secret may still be needed").wait_for()
    yield "finish"
    path, owner = f"/oauth/clients/{showcase.erp.client_id}/certificates", showcase.world.owner.access
    showcase.world.api.post(path, bearer=owner, json={"certificate": ClientCertificate().pem}).expect(201)
    page.goto(f"{erp}/authentication")
    yield "certificates"
    page.get_by_role("button", name="Remove…").click()
    page.get_by_role("heading", name="Remove the certificate?").wait_for()
    yield "remove-certificate"
    page.goto(erp)
    page.get_by_role("button", name="Disable client…").click()
    page.get_by_role("heading", name="Disable").wait_for()
    yield "ask-first"
    page.goto(erp)
    page.get_by_label("Allowed addresses").fill("10.0.0.1/8")
    page.get_by_role("button", name="Save settings").click()
    page.get_by_role("alert").wait_for()
    yield "client-refused"
    page.goto(erp)
    page.locator('input[name="was.name"]').evaluate("(field) => { field.value = 'Before'; }")
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_role("button", name="Save settings").click()
    page.get_by_role("button", name="Save with these choices").wait_for()
    yield "client-conflict"
    yield from add_passkey(page, showcase)
    page.goto("/account/provisioning")
    page.get_by_label("Name", exact=True).fill("Entra ID")
    page.get_by_role("button", name="Create token").click()
    page.get_by_role("heading", name="Copy this token now").wait_for()
    _remember(page, showcase)
    yield "scim-token"
    page.goto("/account/provisioning")
    page.get_by_role("button", name="Revoke Entra ID").click()
    page.get_by_role("heading", name="Revoke this SCIM token?").wait_for()
    yield "scim-token-revoke"
    page.get_by_role("button", name="Revoke token").click()
    page.get_by_text("The SCIM token is revoked").wait_for()
    page.goto("/account/members")
    page.get_by_label("E-mail").fill(INVITED)
    page.get_by_role("button", name="Invite person").click()
    link = page.locator(".secret").inner_text()
    showcase.world.vault.remember("invitation token", link.rpartition("/")[2])
    yield "members-invited"
    page.goto(f"/account/members/{showcase.member.user_id}")
    page.get_by_role("button", name="Create a password link").click()
    made = page.locator(".secret").inner_text()
    showcase.world.vault.remember("password link", made.rpartition("/")[2])
    yield "password-link"
    menu = page.locator(".menu.all summary")
    if menu.is_visible():
        page.goto("/account/api-access")
        menu.click()
        yield "menu"


def _products(page: Page, showcase: Showcase) -> Iterator[str]:
    stock = showcase.stock
    versioned = f"/products/{stock.versioned}"
    pages = {
        "products": "/products",
        "products-exact": "/products?q=OT-180",
        "product": f"/products/{stock.draft}",
        "product-passport": f"{versioned}/passport",
        "product-without-passport": f"/products/{stock.incomplete}/passport",
        "product-incomplete": f"/products/{stock.incomplete}",
        "product-archived": f"/products/{stock.archived}",
        "product-versions": versioned,
        "version": f"{versioned}/versions/2",
        "version-withdrawn": f"{versioned}/versions/1",
        "version-draft": f"{versioned}/versions/3",
        "compare": f"{versioned}/compare/1/2",
        "compare-draft": f"{versioned}/compare/2/3",
        "compare-same": f"{versioned}/compare/2/2",
        "product-review": f"{versioned}/review",
        "product-review-incomplete": f"/products/{stock.incomplete}/review",
        "product-discard": f"{versioned}/discard",
        "product-archive": f"{versioned}/remove",
        "product-delete": f"/products/{stock.incomplete}/remove",
        "new-product": "/products/new",
    }
    for name, path in pages.items():
        page.goto(path)
        yield name
    page.goto(f"/products/{stock.incomplete}")
    page.get_by_label("GTIN", exact=True).fill("4006381333932")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("alert").wait_for()
    yield "product-refused"
    page.goto(f"/products/{stock.incomplete}")
    page.get_by_label("Brand", exact=True).fill("Oak & Sons")
    change(showcase.world, {"id": stock.incomplete}, {"content": {"brand": f"Oak {uuid4()}"}}).expect(200)
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Save with these choices").wait_for()
    yield "product-conflict"
    page.goto(f"{versioned}/versions/2")
    page.get_by_label("Reason").fill(" ")
    page.get_by_role("button", name="Withdraw version 2").click()
    page.get_by_role("alert").wait_for()
    yield "withdraw-refused"


def _imports(page: Page, showcase: Showcase) -> Iterator[str]:
    stock = showcase.stock
    pages = {
        "imports": "/imports",
        "import": f"/imports/{stock.imported}",
        "import-running": f"/imports/{stock.running}",
        "import-failed-rows": f"/imports/{stock.mendable}",
        "import-broken": f"/imports/{stock.broken}",
    }
    for name, path in pages.items():
        page.goto(path)
        yield name
    page.goto("/imports")
    page.get_by_label("File of products").set_input_files(
        {"name": "lighting-spring.csv", "mimeType": "text/csv", "buffer": b"sku,nmae,colour\nCL-1,Lamp,red\n"}
    )
    page.get_by_role("button", name="Import file").click()
    page.get_by_role("alert").wait_for()
    yield "imports-refused"


def _events(page: Page, showcase: Showcase) -> Iterator[str]:
    shown = showcase.events
    pages = {
        "events": "/events",
        "events-found": "/events?type=errors",
        "events-none": "/events?step=shipping&to=2001-01-01",
        "events-refused": "/events?q=12345&from=tomorrow",
        "event-made": shown.made,
        "event-packed": shown.packed,
        "event-measured": shown.measured,
        "event-declared": shown.declared,
        "captures": "/events/captures",
        "capture": shown.capture,
        "capture-faults": shown.faulty,
        "capture-running": shown.running,
        "subscriptions": "/events/subscriptions",
        "subscription-failed": shown.subscription,
        "query": shown.query,
        "query-new": "/events/queries?step=shipping&q=09520000010010&from=2026-03-01",
    }
    for name, path in pages.items():
        page.goto(path)
        yield name
    page.goto(shown.made)
    page.get_by_text("The event as it was captured").click()
    yield "event-source"
    page.goto("/events/captures")
    page.get_by_label("EPCIS document").set_input_files(
        {"name": "march.csv", "mimeType": "text/csv", "buffer": b"epc;step\n1;shipping\n"}
    )
    page.get_by_role("button", name="Upload document").click()
    page.get_by_role("alert").wait_for()
    yield "captures-refused"
    page.goto("/events/subscriptions/new")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("alert").wait_for()
    yield "subscription-refused"
    page.get_by_label("Query").select_option("shipped-to-retail")
    page.get_by_label("Address of the receiver").fill("https://erp.weaver.example.test/epcis-events")
    page.get_by_label("As soon as they are captured").check()
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Copy this secret now").wait_for()
    _remember(page, showcase)
    yield "subscription-secret"
    page.get_by_role("link", name="I have stored it").click()
    page.get_by_role("button", name="Delete subscription…").click()
    page.get_by_role("heading", name="Delete this subscription?").wait_for()
    yield "subscription-delete"
    page.get_by_role("button", name="Delete subscription").click()
    page.get_by_text("The subscription is deleted.").wait_for()


def _sharing(page: Page, showcase: Showcase) -> Iterator[str]:
    sharing, stock = showcase.sharing, showcase.stock
    editor = f"/partners/{sharing.connection}/share"
    pages = {
        "partners": "/partners",
        "partner": f"/partners/{sharing.connection}",
        "share": f"/shares/{sharing.share}",
        "share-withdrawn": f"/shares/{sharing.withdrawn}",
        "share-product": f"/products/{stock.versioned}/share",
        "product-shared": f"/products/{stock.versioned}#viewers",
        "requests": "/requests",
        "requests-incoming": "/requests?show=incoming",
        "request": f"/requests/{sharing.asked}",
        "request-unknown": f"/requests/{sharing.unknown}",
        "request-own": f"/requests/{sharing.own}",
        "request-declined": f"/requests/{sharing.declined}",
        "partner-shares": f"/partners/{sharing.connection}/shares",
        "partner-reads": f"/partners/{sharing.connection}/reads",
        "share-matrix": "/partners/shares",
        "shared": "/shared",
        "shared-product": f"/shared/{sharing.theirs}",
        "shared-version": f"/shared/{sharing.theirs}/versions/1",
        "company": "/account/company",
        "provisioning": "/account/provisioning",
        "single-sign-on": "/account/single-sign-on",
        "ask": f"/partners/{sharing.connection}/ask",
    }
    for name, path in pages.items():
        page.goto(path)
        yield name
    page.get_by_role("button", name="Send request").click()
    page.get_by_role("alert").wait_for()
    yield "ask-refused"
    page.goto(f"/shared/{sharing.theirs}")
    page.get_by_label("Reason").fill("x" * 1_001)
    page.get_by_role("button", name="Send answer").click()
    page.get_by_role("alert").wait_for()
    yield "shared-product-refused"
    page.goto(f"/shared/{sharing.theirs}/adopt")
    yield "adopt"
    page.get_by_label("SKU of your product").fill("x" * 65)
    page.get_by_role("button", name="Create product").click()
    page.get_by_role("alert").wait_for()
    yield "adopt-refused"
    page.goto(f"/partners/{sharing.connection}")
    page.get_by_role("button", name="End connection…").click()
    page.get_by_role("heading", name="End the connection").wait_for()
    yield "partner-end"
    page.goto(f"/shares/{sharing.share}")
    page.get_by_role("button", name="Withdraw share…").click()
    page.get_by_role("heading", name="Withdraw the share").wait_for()
    yield "share-withdraw"
    page.goto(f"{editor}?product={stock.versioned}")
    yield "share-editor"
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("alert").wait_for()
    yield "share-editor-refused"
    page.get_by_label("Name", exact=True).check()
    page.get_by_label("Materials", exact=True).check()
    page.locator("#preview strong").wait_for()
    page.get_by_text("As JSON").click()
    yield "share-editor-preview"


def _secrets(page: Page, showcase: Showcase) -> Iterator[str]:
    world = showcase.world
    page.goto("/account/api-access/new")
    page.get_by_label("Name").fill("ERP Integration")
    page.get_by_role("button", name="Create client").click()
    page.get_by_role("alert").wait_for()
    yield "new-client-refused"
    page.get_by_label("products:read").check()
    page.get_by_label("connections:read").check()
    page.get_by_role("button", name="Create client").click()
    _remember(page, showcase)
    page.get_by_role("button", name="Test this credential").click()
    page.get_by_text("It works.").wait_for()
    yield "secret"
    client_id = page.locator("#client-id").inner_text()
    for name, button in {"rotated": "Rotate secret", "rotated-compromised": "Revoke the old secret now"}.items():
        page.goto(f"/account/api-access/{client_id}/rotate")
        page.get_by_role("button", name=button).click()
        _remember(page, showcase)
        yield name
    world.api.delete(f"/oauth/clients/{client_id}", bearer=world.owner.access).expect(204)


def _remember(page: Page, showcase: Showcase) -> None:
    showcase.world.vault.remember("client secret", page.locator("#secret").inner_text())
