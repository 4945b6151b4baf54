"""A plain read of a passport by the fast path equals the router's answer."""

from __future__ import annotations

import pytest

from harness.vault import with_a_typo
from harness.world import World
from passports.reading import CREDENTIAL, JWT, issued
from products.catalogue import change, publish
from products.test_fast_path_reads import UNKNOWN


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", CREDENTIAL, JWT, "application/xml", "text/html;q=0.1, */*"]
)
@pytest.mark.parametrize("whose", ["owner", "stranger", "nobody", "client without the scope", "mistyped"])
def test_the_fast_path_and_the_router_answer_alike(world: World, whose: str, accept: str) -> None:
    _, passport_id = issued(world, brand="Acme", access={"brand": "authority"})
    bearer = {
        "owner": world.owner.access,
        "stranger": world.other_owner.access,
        "nobody": None,
        "client without the scope": world.token("connections:read"),
        "mistyped": with_a_typo(world.owner.access),
    }[whose]
    for base in ("/dpp", "//dpp"):
        for id in (passport_id, UNKNOWN):
            answers = [
                world.api.get(f"{base}/{id}{query}", bearer=bearer, headers={"Accept": accept}) for query in ("", "?")
            ]
            shown = [
                (
                    one.status,
                    one.without_request_id if one.status >= 400 else one.body,
                    {field for field in one.fields if field[0] not in ("x-request-id", "date", "content-length")},
                )
                for one in answers
            ]
            assert shown[0] == shown[1]


def test_what_is_kept_for_strangers_is_never_old(world: World) -> None:
    product, passport_id = issued(world, brand="First")
    for brand in ("Second", "Third"):
        world.api.get(f"//dpp/{passport_id}").expect(200)
        change(world, product, {"content": {"brand": brand}}).expect(200)
        publish(world, product).expect(200)
        assert world.api.get(f"//dpp/{passport_id}").expect(200).data()["content"]["brand"] == brand
