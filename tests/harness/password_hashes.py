"""What a password hash costs in the forks of `harness.preloaded`.

They took a third of the processor time of tests that sign people in. Most of those are about something else: their
hashes are argon2id too, checked, counted and renewed alike, and cost next to nothing. A test of what hashes cost, or of
what happens meanwhile, adds `FULL_COST` to the settings of its server, and so do the races. A program that was not
forked always hashes at full cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

FULL_COST = {"TESTS_PASSWORD_HASHES": "full"}
_NEXT_TO_NOTHING = {"time_cost": 1, "memory_cost": 8}


def hashes_at_full_cost(environment: Mapping[str, str]) -> bool:
    return environment.items() >= FULL_COST.items()


def set_cost(environment: Mapping[str, str]) -> None:
    """In a process that is about to become a server or a command."""
    if not hashes_at_full_cost(environment):
        import_module("linkxg.crypto.passwords").PARAMETERS.update(_NEXT_TO_NOTHING)
