"""A demo that runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.processes import Process, free_port
from harness.server import clean_environment


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Process]:
    # Settings of this machine must not lead the demo to its database.
    environment = clean_environment() | {
        "LINKXG_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/absent",
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "linkxg", "demo", "--port", str(free_port())]
    process = Process("demo", command, environment=environment, working_directory=tmp_path)
    yield process
    if process.running:
        process.kill()
