"""What an earlier version of a passport shows is no more than its reader may see of it now.

A share of the latest version opens nothing of earlier ones, and what the newest version withholds, earlier ones
withhold too, whoever asks by whichever route. Learned by attack. Security rules 240 and 245.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest

from harness.answers import JsonObject
from harness.world import World
from linkxg.clock import now_ms, rfc3339
from network.sharing import end_shares, share
from passports.reading import CREDENTIAL, JWT, decoded, issued, read_by_id
from passports.units import issue
from products.catalogue import change, new_gtin, publish

OLD, NEW = "Only in the first version", "In the second version"


def _changed(world: World, product: JsonObject, content: JsonObject) -> None:
    change(world, product, {"content": content}).expect(200)
    publish(world, product).expect(200)


def _brands(world: World, passport_id: str, before: str, bearer: str | None) -> str:
    """Everything that says what the first version says."""
    address = quote(f"{world.server.url}/dpp/{passport_id}", safe="")
    said = ""
    for query in ("?version=1", f"?asOf={before}"):
        for accept in ("application/json", CREDENTIAL, "text/html"):
            said += read_by_id(world, passport_id, query, bearer=bearer, accept=accept).expect(200).body.decode()
        jwt = read_by_id(world, passport_id, query, bearer=bearer, accept=JWT).expect(200).body.decode()
        said += str(decoded(jwt)[1])
        element = world.api.get(f"/dpp/{passport_id}/elements/$.content.brand{query}", bearer=bearer)
        said += element.body.decode()
    by_date = world.api.get(f"//v1/dppsByIdAndDate/{address}?date={before}&representation=full", bearer=bearer)
    return said + by_date.expect(200).body.decode()


def test_a_share_of_the_latest_version_opens_no_earlier_one(world: World) -> None:
    product, passport_id = issued(world, brand=OLD, access={"brand": ["authority"]})
    before = rfc3339(now_ms())
    _changed(world, product, {"brand": NEW})
    partner = world.other_owner.access
    share(world, product, passportRoles=["authority"])
    try:
        assert read_by_id(world, passport_id, bearer=partner).data()["content"]["brand"] == NEW
        assert OLD not in _brands(world, passport_id, before, partner)
        assert read_by_id(world, passport_id, "?version=1", bearer=partner).data()["roles"] == ["public"]
        page = read_by_id(world, passport_id, bearer=partner, accept="text/html").expect(200).body.decode()
        assert "Brand" not in page.partition('<h2 id="history">')[2].partition("</section>")[0]
        share(world, product, passportRoles=["authority"], versions="ALL")
        assert OLD in _brands(world, passport_id, before, partner)
    finally:
        end_shares(world)


def test_a_share_of_another_product_opens_no_version_of_a_former_one(world: World) -> None:
    """A product that takes a GTIN over continues its passport, but not what was shared of the other product."""
    product, passport_id = issued(world, brand=OLD, access={"brand": ["authority"]})
    before = rfc3339(now_ms())
    gtin = product["gtin"]
    change(world, product, {"gtin": new_gtin(), "content": {"modelNumber": "M 2"}}).expect(200)
    publish(world, product).expect(200)
    successor, other = issued(world, brand="Other", access={"brand": ["authority"]})
    assert other != passport_id
    change(world, successor, {"gtin": gtin, "content": {"modelNumber": "M 2"}}).expect(200)
    publish(world, successor).expect(200)
    share(world, successor, passportRoles=["authority"], versions="ALL")
    try:
        partner = world.other_owner.access
        assert read_by_id(world, passport_id, bearer=partner).data()["content"]["brand"] == "Other"
        assert OLD not in _brands(world, passport_id, before, partner)
    finally:
        end_shares(world)


@pytest.mark.parametrize("path", ["brand", "attributes.furnace"])
def test_what_the_newest_version_withholds_earlier_ones_withhold(world: World, path: str) -> None:
    content: JsonObject = {"brand": OLD} if path == "brand" else {"attributes": {"furnace": OLD}}
    product, passport_id = issued(world, **content)
    before = rfc3339(now_ms())
    assert OLD in read_by_id(world, passport_id, "?version=1").expect(200).body.decode()
    _changed(world, product, {"access": {path: ["authority"]}})
    assert OLD not in _brands(world, passport_id, before, None)
    for query in ("", "?version=1"):
        shown = read_by_id(world, passport_id, query).data()
        assert path in shown["withheld"]
    owner = read_by_id(world, passport_id, "?version=1", bearer=world.owner.access).expect(200)
    assert OLD in owner.body.decode()
    # It goes by the newest version alone, beside its own.
    _changed(world, product, {"access": None, "modelNumber": "M-3"})
    assert OLD in _brands(world, passport_id, before, None)


@pytest.mark.parametrize("identity", [{}, {"lot": "L-1"}], ids=["model", "batch"])
def test_what_is_withheld_under_the_present_gtin_is_withheld_under_a_former_one(
    world: World, identity: JsonObject
) -> None:
    """Printed links stay valid, and so does what their company withholds."""
    product, passport_id = issued(world, brand=OLD)
    if identity:
        passport_id = issue(world, product, identity).expect(201).data()[0]["id"]
    before = rfc3339(now_ms())
    assert OLD in read_by_id(world, passport_id).expect(200).body.decode()
    for content in ({"modelNumber": "M-2"}, {"access": {"brand": ["authority"]}}, {"modelNumber": "M-4"}):
        # What was cached under the one GTIN is not shown after a version under another.
        change(world, product, {"gtin": new_gtin(), "content": content}).expect(200)
        publish(world, product).expect(200)
        shown = read_by_id(world, passport_id).expect(200)
        assert ("brand" in shown.data()["withheld"]) == (OLD not in shown.body.decode())
    assert "brand" in shown.data()["withheld"]
    assert OLD not in _brands(world, passport_id, before, None)
    _changed(world, product, {"access": None, "modelNumber": "M-5"})
    assert OLD in _brands(world, passport_id, before, None)


def test_another_product_under_a_former_gtin_opens_nothing_that_the_first_one_withholds(world: World) -> None:
    product, passport_id = issued(world, brand=OLD)
    lot = issue(world, product, {"lot": "L-1"}).expect(201).data()[0]["id"]
    gtin, before = product["gtin"], rfc3339(now_ms())
    change(world, product, {"gtin": new_gtin(), "content": {"access": {"brand": ["authority"]}}}).expect(200)
    publish(world, product).expect(200)
    other, _ = issued(world, brand="Other")
    change(world, other, {"gtin": gtin, "content": {"modelNumber": "M-2"}}).expect(200)
    publish(world, other).expect(200)
    assert read_by_id(world, passport_id).expect(200).data()["content"]["brand"] == "Other"
    for one in (passport_id, lot):
        assert OLD not in _brands(world, one, before, None)
        assert OLD not in read_by_id(world, one).expect(200).body.decode()


def test_a_version_that_was_withheld_stays_so(world: World) -> None:
    product, passport_id = issued(world, brand=OLD, access={"brand": ["authority"]})
    before = rfc3339(now_ms())
    _changed(world, product, {"access": None, "brand": NEW})
    assert read_by_id(world, passport_id).data()["content"]["brand"] == NEW
    assert OLD not in _brands(world, passport_id, before, None)
