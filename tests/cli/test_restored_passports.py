"""Signed passports after a restore. Security rules 242 and 243, promise R3."""

from __future__ import annotations

from collections.abc import Callable

from cli.test_backup_restore import backup, restore
from harness.people import sign_in
from harness.world import World
from passports.granting import CONTENT, granted, opened, path_of
from passports.reading import decoded, issued, read_by_id
from passports.signatures import rotate, signed, status_bit, verified
from passports.units import end, issue
from products.catalogue import withdraw


def test_rule_250_links_to_passports_open_nothing_after_a_restore(
    engine: str, fresh_world: Callable[..., World]
) -> None:
    """One of them may have been revoked since the backup, or used."""
    world = fresh_world(engine)
    _, passport_id = issued(world, **CONTENT)
    path = path_of(world, granted(world, passport_id))
    opened(world, path).expect(200)
    file = backup(world.server)
    world.server.stop()
    restore(world.server, file, "--replace")
    world.server.start()
    opened(world, path).expect(404, "not_found")


def test_r3_what_was_revoked_since_the_backup_stays_so(engine: str, fresh_world: Callable[..., World]) -> None:
    world = fresh_world(engine)
    product, kept = issued(world)
    withdrawn_product, withdrawn = issued(world)
    (unit,) = issue(world, product, {"lot": "L1"}).data()
    before = {id: verified(world, signed(world, id)) for id in (kept, withdrawn, unit["id"])}
    file = backup(world.server)
    withdraw(world, withdrawn_product, 1).expect(200)
    end(world, unit["id"], "withdraw", {"reason": "Never made."}).expect(200)
    rotate(world)
    _, later = issued(world)
    token = signed(world, later)
    lost = verified(world, token)
    world.server.stop()
    restore(world.server, file, "--replace")
    world.server.start()
    assert [status_bit(world, before[id]) for id in (kept, withdrawn, unit["id"])] == [0, 1, 1]
    assert read_by_id(world, unit["id"]).expect(200).data()["dppStatus"] == "invalid"
    read_by_id(world, later).expect(404, "not_found")
    assert verified(world, token) == lost
    assert status_bit(world, lost) == 1
    bearer = sign_in(world.api, world.account.owner).access
    again = verified(world, signed(world, kept, bearer=bearer))
    assert again["credentialStatus"] == before[kept]["credentialStatus"]
    assert decoded(signed(world, kept))[0]["kid"]
