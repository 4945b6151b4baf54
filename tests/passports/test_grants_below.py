"""A grant of a model may include the passports of its batches and items, that of a batch those of its items.

Security rule 248.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from harness.answers import Answer, JsonObject
from harness.concurrency import concurrently
from harness.world import World
from passports.granting import CONTENT, ask, granted, path_of, until
from passports.reading import issued
from passports.units import issue
from products.catalogue import change, new_gtin, publish

UNITS: tuple[JsonObject, ...] = (
    {"lot": "L-1"}, {"lot": "L-1", "serial": "S-1"}, {"lot": "L-2", "serial": "S-2"}, {"serial": "S-3"},
)  # fmt: skip


def opened(world: World, path: str, **unit: str) -> Answer:
    query = "&".join(f"{name}={value}" for name, value in unit.items())
    return world.api.post(f"{path}?{query}" if query else path, headers={"Accept": "application/json"})


def id_of(answer: Answer) -> str:
    return str(answer.expect(200).data()["digitalProductPassportId"]).rpartition("/")[2]


def _units(world: World) -> tuple[JsonObject, str, list[str]]:
    product, model = issued(world, **CONTENT)
    return product, model, [one["id"] for one in issue(world, product, *UNITS).expect(201).data()]


def test_a_link_of_a_model_opens_its_batches_and_items(world: World) -> None:
    _, model, units = _units(world)
    grant = granted(world, model, includesBelow=True)
    assert grant["includesBelow"]
    path = path_of(world, grant)
    assert id_of(opened(world, path)) == model
    for unit, passport in zip(UNITS, units, strict=True):
        offered = world.api.get(f"{path}?" + "&".join(f"{name}={value}" for name, value in unit.items())).expect(200)
        assert offered.data()["digitalProductPassportId"].endswith(passport)
        answer = opened(world, path, **unit)
        assert id_of(answer) == passport
        assert answer.data()["content"]["brand"] == "For authorities"
        assert "modelNumber" not in answer.data()["content"]
    for wrong in ({"lot": "L-9"}, {"serial": "S-1"}, {"lot": "L-2", "serial": "S-1"}):
        opened(world, path, **wrong).expect(404, "not_found")
    log = world.api.get(f"/dpp/grants/{grant['id']}/accesses", bearer=world.owner.access).expect(200).object()["data"]
    assert [one["passportId"] for one in log] == [*reversed(units), model]


def test_a_link_of_a_batch_opens_its_items_and_nothing_beside_it(world: World) -> None:
    _, _, (batch, first, *_) = _units(world)
    path = path_of(world, granted(world, batch, includesBelow=True))
    assert id_of(opened(world, path)) == batch
    assert id_of(opened(world, path, lot="L-1")) == batch
    for unit in ({"serial": "S-1"}, {"lot": "L-1", "serial": "S-1"}):
        assert id_of(opened(world, path, **unit)) == first
    for unit in ({"lot": "L-2", "serial": "S-2"}, {"serial": "S-2"}, {"serial": "S-3"}):
        opened(world, path, **unit).expect(404, "not_found")


def test_a_link_without_what_is_below_opens_one_passport(world: World) -> None:
    _, model, units = _units(world)
    path = path_of(world, granted(world, model))
    assert id_of(opened(world, path)) == model
    for unit in UNITS:
        opened(world, path, **unit).expect(404, "not_found")
        query = "&".join(f"{name}={value}" for name, value in unit.items())
        world.api.get(f"{path}?{query}").expect(404, "not_found")
    item = path_of(world, granted(world, units[1]))
    assert id_of(opened(world, item, lot="L-1", serial="S-1")) == units[1]


def test_what_a_link_does_not_open_does_not_use_it_up(world: World) -> None:
    _, model, units = _units(world)
    path = path_of(world, granted(world, model, includesBelow=True, singleUse=True))
    opened(world, path, lot="L-9").expect(404, "not_found")
    answers = concurrently(partial(opened, world, path, **UNITS[index % 2]) for index in range(6))
    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404, 404, 404]
    assert {id_of(answer) for answer in answers if answer.status == 200} <= {*units}


def test_no_passport_of_another_product_or_account_is_opened(world: World) -> None:
    _, model, _ = _units(world)
    other, _ = issued(world, **CONTENT)
    issue(world, other, {"lot": "OTHER"}).expect(201)
    opened(world, path_of(world, granted(world, model, includesBelow=True)), lot="OTHER").expect(404, "not_found")


def test_an_approval_chooses_roles_and_includes_what_is_below(world: World) -> None:
    _, model, units = _units(world)
    ask(world, model, role="legitimateInterest").expect(200)
    path = "/dpp/access-requests?status=PENDING"
    asked = world.api.get(path, bearer=world.owner.access).expect(200).object()["data"][0]
    approve = f"/dpp/access-requests/{asked['id']}/approve"
    given: dict[str, Any] = {"expiresAt": until(10), "roles": ["legitimateInterest", "authority"]}
    wrong = world.api.post(approve, bearer=world.owner.access, json=given | {"roles": ["owner"]})
    assert [one["field"] for one in wrong.expect(422, "validation_failed").object()["details"]] == ["roles"]
    given["includesBelow"] = True
    grant = world.api.post(approve, bearer=world.owner.access, json=given, reveals=True).expect(200).data()
    assert grant["roles"] == ["authority", "legitimateInterest"]
    shown = opened(world, path_of(world, grant), **UNITS[1]).expect(200).data()
    assert shown["digitalProductPassportId"].endswith(units[1])
    assert shown["withheld"] == []


def test_a_browser_chooses_a_batch_or_an_item(world: World) -> None:
    _, model, _ = _units(world)
    path = path_of(world, granted(world, model, includesBelow=True))
    browser = {"Accept": "text/html,*/*;q=0.8"}
    page = world.api.get(path, headers=browser).expect(200).body.decode()
    assert 'name="serial"' in page
    chosen = world.api.get(f"{path}?lot=L-1&serial=S-1", headers=browser).expect(200).body.decode()
    assert '<form method="post" action="?lot=L-1&amp;serial=S-1&amp;lang=en">' in chosen
    unknown = world.api.get(f"{path}?lot=%3Cb%3E&serial=", headers=browser).expect(200)
    assert "opens no passport with this batch" in unknown.body.decode()
    assert 'value="&lt;b&gt;"' in unknown.body.decode()
    assert '<form method="post"' not in unknown.body.decode()
    alone = world.api.get(path_of(world, granted(world, model)), headers=browser).expect(200).body.decode()
    assert 'name="serial"' not in alone


def test_rule_248_a_grant_opens_nothing_of_another_product_that_takes_the_gtin_over(world: World) -> None:
    product, model, (batch, *_) = _units(world)
    path, of_batch = (path_of(world, granted(world, one, includesBelow=True)) for one in (model, batch))
    gtin = product["gtin"]
    change(world, product, {"gtin": new_gtin(), "content": {"modelNumber": "M-2"}}).expect(200)
    publish(world, product).expect(200)
    assert id_of(opened(world, path)) == model
    other, _ = issued(world, **CONTENT)
    change(world, other, {"gtin": gtin, "content": {"modelNumber": "M-2"}}).expect(200)
    publish(world, other).expect(200)
    issue(world, other, {"lot": "L-1", "serial": "S-9"}).expect(201)
    for answer in (opened(world, path), opened(world, path, lot="L-1", serial="S-9"), world.api.get(path)):
        answer.expect(404, "not_found")
    # What is the first product's stays open.
    assert id_of(opened(world, path, lot="L-1")) == batch
    assert id_of(opened(world, of_batch)) == batch
    opened(world, of_batch, serial="S-9").expect(404, "not_found")
