"""An account's name, slug and GLN."""

from __future__ import annotations

import re
from functools import partial
from uuid import uuid4

import pytest

from architecture.program import routes
from harness.concurrency import concurrently
from harness.world import World
from linkxg.identity.accounts.change_account import MAX_FORMER_SLUGS
from linkxg.identity.accounts.slug import PATTERN, RESERVED
from network.partners import account, new_account, slug_of
from products.catalogue import new_gtin


def test_an_owner_changes_name_slug_and_gln(world: World) -> None:
    owner = new_account(world)
    wanted = {"name": "Weaver & Söhne", "slug": f"weaver-{uuid4().hex[:8]}", "gln": new_gtin()}
    changed = world.api.patch("/account", bearer=owner.access, json=wanted).expect(200).data()
    assert changed == account(world, owner)
    assert {name: changed[name] for name in wanted} == wanted
    assert world.api.get("/auth/me", bearer=owner.access).expect(200).data()["account"] == changed
    cleared = world.api.patch("/account", bearer=owner.access, json={"gln": None}).expect(200).data()
    assert cleared == changed | {"gln": None}
    assert world.api.patch("/account", bearer=owner.access, json={}).expect(200).data() == cleared
    (first, second) = world.api.get("/account/audit-events?action=account.updated", bearer=owner.access).object()[
        "data"
    ]
    assert (first["details"], second["details"]) == ({"gln": None}, wanted)


@pytest.mark.any_engine
def test_every_fault_is_listed(world: World) -> None:
    bad = {"name": "a\tb", "slug": "Weaver", "gln": "4012345000008"}
    refused = world.api.patch("/account", bearer=world.owner.access, json=bad).expect(422, "validation_failed")
    assert [one["field"] for one in refused.object()["details"]] == [*bad]
    for slug, code in (("assets", "reserved"), ("a", "invalid"), ("a" * 40, "invalid"), ("a_b", "invalid")):
        refused = world.api.patch("/account", bearer=world.owner.access, json={"slug": slug}).expect(
            422, "validation_failed"
        )
        assert [one["code"] for one in refused.object()["details"]] == [code], slug
    member = world.session("MEMBER")
    world.api.patch("/account", bearer=member.access, json={"name": "Mine"}).expect(403, "access_denied")


def test_a_slug_belongs_to_one_account(world: World) -> None:
    owners = [new_account(world) for _ in range(2)]
    taken = slug_of(world, owners[0])
    refused = world.api.patch("/account", bearer=owners[1].access, json={"slug": taken}).expect(409, "conflict")
    assert [(one["field"], one["code"]) for one in refused.object()["details"]] == [("slug", "taken")]
    wanted = {"slug": f"race-{uuid4().hex[:8]}"}
    answers = concurrently(partial(world.api.patch, "/account", bearer=one.access, json=wanted) for one in owners)
    assert sorted(answer.status for answer in answers) == [200, 409]


def test_a_former_slug_stays_with_its_account(world: World) -> None:
    """Data carriers and signed passports name it for the life time of a product. Security rule 246."""
    owner, other = new_account(world), new_account(world)
    former, present = slug_of(world, owner), f"present-{uuid4().hex[:8]}"
    world.api.patch("/account", bearer=owner.access, json={"slug": present}).expect(200)
    world.api.patch("/account", bearer=other.access, json={"slug": former}).expect(409, "conflict")
    world.api.patch("/account", bearer=owner.access, json={"slug": former}).expect(200)
    world.api.patch("/account", bearer=other.access, json={"slug": present}).expect(409, "conflict")


def test_an_account_keeps_a_bounded_number_of_slugs(world: World) -> None:
    owner = new_account(world)
    for _ in range(MAX_FORMER_SLUGS):
        wanted = {"slug": f"s-{uuid4().hex[:8]}"}
        world.api.patch("/account", bearer=owner.access, json=wanted).expect(200)
    world.api.patch("/account", bearer=owner.access, json={"slug": f"s-{uuid4().hex[:8]}"}).expect(409, "conflict")


@pytest.mark.any_engine
def test_no_slug_is_the_first_segment_of_a_route() -> None:
    segments = {route.path.split("/")[1] for route in routes()}
    assert {one for one in segments if re.fullmatch(PATTERN, one)} <= RESERVED
