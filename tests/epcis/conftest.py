"""What tests of subscriptions have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from epcis.subscribed import Subscribed
from harness.webhook_receiver import WebhookReceiver
from harness.world import World


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookReceiver]:
    started = WebhookReceiver(tmp_path_factory.mktemp("receiver"))
    yield started
    started.stop()


@pytest.fixture
def made(world: World, receiver: WebhookReceiver) -> Iterator[Any]:
    """Makes subscriptions; their queries are deleted at the end."""
    found: list[Subscribed] = []

    def make(**changed: Any) -> Subscribed:
        found.append(Subscribed(world, receiver, **changed))
        return found[-1]

    yield make
    for one in found:
        one.end()
