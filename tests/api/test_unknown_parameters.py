"""An unknown query parameter is rejected, not ignored: it may be a misspelt one."""

from __future__ import annotations

import pytest

from architecture.program import Route, routes
from harness.world import World
from linkxg.http.body_style import BodyStyle

_MONITORED = ("/healthz", "/readyz", "/metrics", "/.well-known/")
_MONITORED_ROUTES = 9
_DIGITAL_LINKS = ("/01", "/{slug}")
_OF_LINKS = ("/dpp/{passport_id}", "/dpp/{passport_id}/versions", "/dpp/{passport_id}/ask")


def _may_ignore(route: Route) -> bool:
    """The OAuth endpoints (RFC 6749 §3.2), pages, whose links others decorate, and what monitors and caches ask for.

    And SCIM, whose clients authenticate in a way of their own (RFC 7644 §3.12): tests/scim. And Digital Links, whose
    query is passed on to where they lead: tests/passports.
    """
    if route.path in _OF_LINKS:
        return True
    if route.path.startswith((*_MONITORED, "/scim/v2", *_DIGITAL_LINKS)):
        return True
    return route.style is BodyStyle.PAGE or (route.style is BodyStyle.OAUTH and route.handler is None)


@pytest.mark.any_engine
@pytest.mark.parametrize("query", ["limitt=1", "limitt=", "limitt"])
def test_no_route_ignores_a_parameter_that_it_does_not_take(world: World, query: str) -> None:
    asked = [route for route in routes() if not _may_ignore(route)]
    assert len(asked) + _MONITORED_ROUTES > 50
    answered: dict[str, int] = {}
    for route in asked:
        answer = world.api.request(route.method, f"/{route.address}?{query}", bearer=world.owner.access)
        answered[f"{route.method} {route.path}"] = answer.status
        assert answer.status != 400 or "parameter" in answer.json()["error_description"], answer
    assert {place: status for place, status in answered.items() if status != 400} == {}


@pytest.mark.any_engine
def test_probes_and_discovery_documents_ignore_their_query(world: World) -> None:
    asked = [route for route in routes() if route.path.startswith(_MONITORED)]
    assert len(asked) == _MONITORED_ROUTES
    for route in asked:
        world.api.get(f"/{route.path}?t=1764241200&t=2&%zz").expect(200)
