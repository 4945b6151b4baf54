"""An identity provider with a token of the first account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.world import World
from scim.provider import Provider, end_tokens, new_provider


@pytest.fixture
def provider(world: World) -> Iterator[Provider]:
    yield new_provider(world)
    end_tokens(world)
