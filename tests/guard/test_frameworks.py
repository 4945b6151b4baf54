"""Each framework guards its routes, as `sdk/guard/README.md` shows. Security rules 280, 290 and 292."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.readme import FRAMEWORKS, check_bound, check_guarded, started
from harness.world import World


@pytest.mark.any_engine
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_each_framework_guards_its_routes(world: World, tmp_path: Path, name: str) -> None:
    with started(name, world, tmp_path) as service:
        check_guarded(world, service)


@pytest.mark.any_engine
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_rule_280_each_framework_verifies_proofs(world: World, tmp_path: Path, name: str) -> None:
    with started(name, world, tmp_path, bound=True) as service:
        check_bound(world, service)


@pytest.mark.any_engine
def test_rule_280_the_settings_of_the_readme_accept_bound_tokens(world: World, tmp_path: Path) -> None:
    with started("dpop", world, tmp_path) as service:
        check_bound(world, service)
