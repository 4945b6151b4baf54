"""The guarded services of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from guard.guarded import GuardedService

GuardedFactory = Callable[..., GuardedService]


@pytest.fixture
def guarded() -> Iterator[GuardedFactory]:
    """Starts guarded services, which end with the test."""
    made: list[GuardedService] = []

    def make(framework: str = "starlette", **settings: Any) -> GuardedService:
        made.append(GuardedService(framework, **settings))
        return made[-1]

    yield make
    for service in made:
        service.close()
