"""Each framework guards its routes, as `sdk/guard/README.md` shows. Security rules 290 and 292."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.readme import FRAMEWORKS, check_guarded, started
from harness.world import World


@pytest.mark.any_engine
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_each_framework_guards_its_routes(world: World, tmp_path: Path, name: str) -> None:
    with started(name, world, tmp_path) as service:
        check_guarded(world, service)
