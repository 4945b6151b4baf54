"""What tests of subscriptions have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.webhook_receiver import WebhookReceiver


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookReceiver]:
    started = WebhookReceiver(tmp_path_factory.mktemp("receiver"))
    yield started
    started.stop()
