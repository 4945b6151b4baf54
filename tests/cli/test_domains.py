"""`linkxg domains verify`: a domain that nobody has added is not verified by a slip of the keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable

from harness.world import World


def test_a_domain_that_was_not_added_needs_a_flag(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    account, bearer = world.account.account_id, world.owner.access
    refused = world.server.try_command("domains", "verify", "acme.exmaple", "--account", account)
    assert refused.returncode == 1
    said = refused.stderr.decode()
    assert "The account has not added the domain acme.exmaple" in said
    assert "To add and verify it now, use --claim." in said
    assert world.api.get("/account/domains", bearer=bearer).expect(200).data() == []
    world.api.request("PUT", "/account/domains/acme.example", bearer=bearer).expect(200)
    assert world.server.command("domains", "verify", "acme.example", "--account", account)
    done = world.server.command("domains", "verify", "shop.example", "--account", account, "--claim", "--json")
    assert json.loads(done)["domain"] == "shop.example"
    # Verified already, it needs no flag.
    assert world.server.command("domains", "verify", "shop.example", "--account", account)
    found = world.api.get("/account/domains", bearer=bearer).expect(200).data()
    assert {one["domain"]: one["verified"] for one in found} == {"acme.example": True, "shop.example": True}
    trail = world.api.get("/account/audit-events?action=email_domain.claimed", bearer=bearer).expect(200).object()
    assert [event["actorKind"] for event in trail["data"]] == ["cli", "user"]
