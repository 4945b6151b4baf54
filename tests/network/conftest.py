from __future__ import annotations

import pytest

from harness.world import World
from network.sharing import end_shares


@pytest.fixture
def without_shares(world: World) -> None:
    """Nothing is shared when the test begins, whatever other tests left."""
    end_shares(world)
