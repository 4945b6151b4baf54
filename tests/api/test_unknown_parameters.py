"""A parameter in the address that a route does not take is refused, not ignored: it may be a misspelt one."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from architecture.program import routes
from harness.world import World

API = "/api/v1"
# RFC 6749 §3.2: unrecognised parameters of an OAuth endpoint are ignored.
_OAUTH = {f"{API}/oauth/{name}" for name in ("token", "introspect", "revoke")}
_PLACE = re.compile(r"\{[^}]*\}")


@pytest.mark.any_engine
def test_no_route_ignores_a_parameter_that_it_does_not_take(world: World) -> None:
    asked = [
        (route.method, route.path.removeprefix(API))
        for route in routes()
        if route.path.startswith(f"{API}/") and route.path not in _OAUTH
        and route.method in ("GET", "POST", "PATCH", "PUT", "DELETE")
    ]  # fmt: skip
    assert len(asked) > 30
    answered: dict[str, int] = {}
    for method, path in asked:
        where = f"{_PLACE.sub(str(uuid4()), path)}?limitt=1"
        answer = world.api.request(method, where, bearer=world.owner.access)
        answered[f"{method} {path}"] = answer.status
        assert answer.status != 400 or "parameter" in answer.json()["error_description"], answer
    assert {place: status for place, status in answered.items() if status != 400} == {}
