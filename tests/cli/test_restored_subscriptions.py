"""Subscriptions after a restore, and with other keys. Security rule 214, promise R3."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cli.test_backup_restore import backup, restore
from epcis.subscribed import SECRET, Subscribed
from harness.people import sign_in
from harness.webhook_receiver import WebhookReceiver
from harness.world import World


@pytest.fixture
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookReceiver]:
    started = WebhookReceiver(tmp_path_factory.mktemp("receiver"))
    yield started
    started.stop()


def test_r3_a_deleted_subscription_delivers_nothing_after_a_restore(
    engine: str, fresh_world: Callable[..., World], receiver: WebhookReceiver
) -> None:
    world = fresh_world(engine, **receiver.settings)
    kept, deleted = Subscribed(world, receiver).start(), Subscribed(world, receiver).start()
    file = backup(world.server)
    world.api.delete(deleted.address, bearer=world.owner.access).expect(204)
    world.server.stop()
    restore(world.server, file, "--replace")
    world.server.command("keys", "replace")
    world.server.start()
    bearer = sign_in(world.api, world.account.owner).access
    for one in (kept, deleted):
        found = one.read(bearer)
        assert (found["state"], "restored" in found["lastError"]) == ("PAUSED", True)
    world.api.post(f"{kept.address}/resume", bearer=bearer).expect(200)
    ids = [id for one in (kept, deleted) for id in one.capture(1, bearer=bearer)]
    assert receiver.wait_for_events(kept.path, 1) == ids[:1]
    # The secret was sealed again with each of the new keys.
    assert receiver.of(kept.path)[0].is_signed_with(SECRET)
    assert receiver.of(deleted.path) == []
