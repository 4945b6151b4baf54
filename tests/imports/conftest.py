"""What tests of imports share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.world import World
from imports.files import IMPORTS


@pytest.fixture
def nothing_is_left_open(world: World) -> Iterator[None]:
    """For tests of uploads: an account has two imports at a time: what a test leaves would keep the next one out."""
    yield
    for who in (world.owner, world.other_owner):
        for job in world.api.get(f"{IMPORTS}?limit=5", bearer=who.access).expect(200).json()["data"]:
            if job["status"] == "UPLOADING":
                world.api.post(f"{IMPORTS}/{job['id']}/cancel", bearer=who.access).expect(202)
