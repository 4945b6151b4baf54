"""An address has one spelling. Security rule 208."""

from __future__ import annotations

import pytest

from attacks.cases import case
from harness.people import new_email
from harness.world import World
from scim.provider import end_tokens, new_provider

DOMAINS = ["acme.test.", "acme..test", ".acme.test", "acme.test..", "acme.test\u3002", "m\u00fcller.test."]


@pytest.mark.parametrize("domain", [case(208, ascii(domain), domain) for domain in DOMAINS])
def test_a_domain_has_no_empty_label(world: World, domain: str) -> None:
    """A mail server delivers `ada@acme.test.` to the mailbox of somebody else."""
    email = f"{new_email('dot').partition('@')[0]}@{domain}"
    body = {"email": email, "role": "MEMBER"}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(400, "invalid_request")
    world.api.post("/auth/login", json={"email": email, "password": world.vault.password()}).expect(
        400, "invalid_request"
    )
    world.api.post("/auth/password-reset", json={"email": email}).expect_one_of((400, "invalid_request"), (404, None))
    contact = world.api.patch("/account", bearer=world.owner.access, json={"securityContact": email})
    assert contact.status in (400, 422)
    provider = new_provider(world)
    try:
        provider.request("POST", "/Users", json=provider.user(userName=email)).expect(400, "invalidValue")
    finally:
        end_tokens(world)
