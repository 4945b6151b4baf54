"""If-Match on routes whose resources have no entity tag (RFC 9110 §13.1.1)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from architecture.program import Route, routes
from harness.world import World
from linkxg.http.body_style import BodyStyle
from linkxg.http.etags import ConditionalWrite


def _is_asked(route: Route) -> bool:
    # SCIM has bearer tokens and ETags of its own: tests/scim.
    if route.handler is None or route.method == "GET" or route.style is BodyStyle.PAGE or "/scim/v2" in route.path:
        return False
    return not issubclass(route.handler.operation_class, ConditionalWrite)


@pytest.mark.any_engine
def test_a_change_of_what_has_no_etag_fails_if_one_is_required(world: World) -> None:
    asked = [route for route in routes() if _is_asked(route)]
    assert len(asked) > 15
    # Of a session of its own: some of these routes would end it.
    bearer, answered = world.session("OWNER").access, dict[str, int]()
    for route in asked:
        answer = world.api.request(
            route.method, f"/{route.address}", bearer=bearer, json={}, headers={"If-Match": '"p-1"'}
        )
        answered[f"{route.method} {route.path}"] = answer.status
    assert {place: status for place, status in answered.items() if status != 412} == {}


@pytest.mark.any_engine
def test_any_representation_satisfies_an_asterisk(world: World) -> None:
    product, headers = {"sku": str(uuid4()), "content": {"name": "Bolt"}}, {"If-Match": "*"}
    world.api.post("/products", bearer=world.owner.access, json=product, headers=headers).expect(201)
    headers = {"If-Match": "p-1"}
    world.api.post("/products", bearer=world.owner.access, json=product, headers=headers).expect(400, "invalid_request")
    headers = {"If-None-Match": '"p-1"'}
    product = {"sku": str(uuid4()), "content": {"name": "Bolt"}}
    world.api.post("/products", bearer=world.owner.access, json=product, headers=headers).expect(201)
