"""A server with a mail server, which the tests of password resets share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.smtp_sink import SmtpSink
from harness.world import World, build_world


@pytest.fixture(scope="session")
def sink() -> Iterator[SmtpSink]:
    started = SmtpSink().start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def mail_world(engine: str, new_server: ServerFactory, sink: SmtpSink) -> Iterator[World]:
    """Checked for leaks at the end: no token of a link is in the log, the metrics, the database or a backup."""
    yield from checked_for_leaks(build_world(new_server(engine, LINKXG_SMTP_URL=sink.url)))
