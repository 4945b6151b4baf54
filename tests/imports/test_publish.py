"""`publish=true` publishes the rows of a file as `POST /products/{id}/publish` would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.world import World
from imports.files import (
    IMPORTS,
    PUBLISHABLE,
    by_sku,
    counts,
    csv_file,
    ended,
    failed_file,
    failures,
    ndjson_file,
    new_gtin,
    new_sku,
    publishable,
    run,
)
from products.catalogue import change, complete, create, publish, published, read, version, withdraw


def import_published(world: World, content: bytes, **options: str) -> dict[str, Any]:
    return run(world, content, publish="true", **options)


def versions(world: World, product: dict[str, Any]) -> list[tuple[int, str]]:
    """(number, status) of each, newest first."""
    listed = world.api.get(f"/products/{product['id']}/versions", bearer=world.owner.access).expect(200).json()["data"]
    return [(one["version"], one["status"]) for one in listed]


def product_with(world: World, sku: str) -> dict[str, Any]:
    product = by_sku(world, sku)
    assert product is not None
    return product


def test_new_products_are_published_and_hashed(world: World) -> None:
    sku = new_sku()
    job = import_published(world, csv_file(PUBLISHABLE, [publishable(sku)]))
    assert (job["status"], counts(job), job["publish"]) == ("COMPLETED", (1, 0, 0, 0), True)
    made = product_with(world, sku)
    assert (made["status"], made["latestVersion"], made["draftVersion"]) == ("PUBLISHED", 1, None)
    assert made["category"] == "10003386"
    shown = version(world, made, 1).expect(200).data()
    assert (shown["status"], shown["publishedBy"]) == ("PUBLISHED", world.account.owner.user_id)
    assert shown["publishedAt"] == made["updatedAt"]
    # The very bytes that publishing by hand would have frozen.
    by_hand = create(world, gtin=new_gtin(), **made["content"])
    assert publish(world, by_hand).expect(200).data()["contentHash"] == shown["contentHash"]


def test_a_change_supersedes_what_was_published(world: World) -> None:
    sku = new_sku()
    first = publishable(sku)
    import_published(world, csv_file(PUBLISHABLE, [first]))
    job = import_published(world, csv_file(PUBLISHABLE, [publishable(sku, "Hex bolt, zinc plated", first[1])]))
    assert counts(job) == (0, 1, 0, 0)
    product = product_with(world, sku)
    assert versions(world, product) == [(2, "PUBLISHED"), (1, "SUPERSEDED")]
    assert (product["latestVersion"], product["draftVersion"]) == (2, None)
    assert version(world, product, 1).expect(200).data()["content"]["name"] == "Hex bolt"
    # It is found by what is published now.
    listed = world.api.get("/products?q=zinc%20plated&limit=200", bearer=world.owner.access).expect(200).json()["data"]
    assert sku in {one["sku"] for one in listed}


def test_a_withdrawn_version_stays_withdrawn(world: World) -> None:
    product = published(world, name="Nut")
    withdraw(world, product, 1).expect(200)
    assert counts(import_published(world, csv_file(("sku", "name"), [[product["sku"], "Nut M8"]]))) == (0, 1, 0, 0)
    assert versions(world, product) == [(2, "PUBLISHED"), (1, "WITHDRAWN")]


def test_an_unchanged_published_product_gets_no_new_version(world: World) -> None:
    sku = new_sku()
    content = csv_file(PUBLISHABLE, [publishable(sku)])
    import_published(world, content)
    before = product_with(world, sku)
    assert counts(import_published(world, content)) == (0, 0, 1, 0)
    assert product_with(world, sku) == before
    assert versions(world, before) == [(1, "PUBLISHED")]


@pytest.mark.parametrize("again", [False, True], ids=["first version", "later version"])
def test_a_draft_that_the_row_leaves_as_it_is_gets_published(world: World, again: bool) -> None:
    product = published(world, name="Nut") if again else create(world, **complete(name="Nut"))
    if again:
        product = change(world, product, {"content": {"brand": "Other"}}).expect(200).data()
    job = import_published(world, csv_file(("sku", "name"), [[product["sku"], "Nut"]]))
    assert (job["status"], counts(job)) == ("COMPLETED", (0, 1, 0, 0))
    after = read(world, product).expect(200).data()
    assert (after["status"], after["draftVersion"]) == ("PUBLISHED", None)
    assert versions(world, product) == ([(2, "PUBLISHED"), (1, "SUPERSEDED")] if again else [(1, "PUBLISHED")])
    assert after["contentHash"] == product["contentHash"]
    answer = world.api.get(f"{IMPORTS}/{job['id']}/results", bearer=world.owner.access).expect(200)
    assert json.loads(answer.body) == {
        "row": 1, "status": "UPDATED", "id": product["id"], "version": after["latestVersion"],
    }  # fmt: skip


def test_an_incomplete_row_fails_with_every_missing_field(world: World) -> None:
    good, bad, kept = new_sku(), new_sku(), create(world, name="Old")
    rows = [publishable(good), [bad, "", "Bolt", "1", "", "", "", "", "", ""], [kept["sku"], "", "New", *[""] * 7]]
    job = import_published(world, csv_file(PUBLISHABLE, rows))
    assert (job["status"], counts(job)) == ("COMPLETED_WITH_ERRORS", (1, 0, 0, 2))
    missing = [(one["field"], one["code"]) for one in failures(world, job) if one["row"] == 2]
    # The same list that publishing by hand tells, in the names of the columns.
    by_hand = publish(world, create(world, category={"code": "1"})).expect(422, "validation_failed").json()["details"]
    assert missing == [(one["field"].removeprefix("content."), "missing") for one in by_hand]
    assert {field for field, _ in missing} >= {"gtin", "category.name", "facility", "countryOfProduction"}
    # Nothing of it is written, not the draft either.
    assert by_sku(world, bad) is None
    assert read(world, kept).expect(200).data()["content"]["name"] == "Old"
    lines = failed_file(world, job).decode().splitlines()
    assert "missing" in lines[1]
    assert "facility: The facility where the product is made is missing." in lines[1]
    mended = csv_file(PUBLISHABLE, [publishable(bad)])
    assert counts(import_published(world, mended)) == (1, 0, 0, 0)


def test_json_rows_name_the_incomplete_material(world: World) -> None:
    content = complete(name="Bolt", materials=[{"name": "Steel", "massFraction": 1}])
    gtin = content.pop("gtin")
    job = import_published(world, ndjson_file([{"sku": new_sku(), "gtin": gtin, "content": content}]), format="ndjson")
    assert {one["field"] for one in failures(world, job)} == {
        "materials[0].originCountry", "materials[0].code", "materials[0].schemeId",
    }  # fmt: skip


def test_a_changed_sku_alone_makes_no_version(world: World) -> None:
    product = published(world, name="Nut")
    other = new_sku()
    row = csv_file(("sku", "gtin"), [[other, product["gtin"]]])
    assert counts(import_published(world, row, key="gtin", mode="update")) == (0, 1, 0, 0)
    assert product_with(world, other)["id"] == product["id"]
    assert versions(world, product) == [(1, "PUBLISHED")]


def test_a_dry_run_counts_what_would_be_published(world: World) -> None:
    new, draft, bad = new_sku(), create(world, **complete(name="Nut")), new_sku()
    rows = [publishable(new), [draft["sku"], "", "Nut", *[""] * 7], [bad, "", "Bolt", *[""] * 7]]
    job = import_published(world, csv_file(PUBLISHABLE, rows), dryRun="true")
    assert (job["status"], counts(job)) == ("COMPLETED_WITH_ERRORS", (1, 1, 0, 1))
    assert by_sku(world, new) is None
    assert read(world, draft).expect(200).data()["status"] == "DRAFT"


def test_an_unpublishable_row_rolls_the_import_back_on_request(world: World) -> None:
    skus, product = [new_sku() for _ in range(3)], published(world, name="Nut")
    good = [*(publishable(sku) for sku in skus), [product["sku"], "", "Nut M8", *[""] * 7]]
    bad = [new_sku(), "", "Bolt", *[""] * 7]
    refused = import_published(world, csv_file(PUBLISHABLE, [*good, bad]), onError="rollback")
    assert (refused["status"], refused["failed"], refused["error"]["code"]) == ("FAILED", 1, "rolled_back")
    assert all(by_sku(world, sku) is None for sku in skus)
    assert versions(world, product) == [(1, "PUBLISHED")]
    done = import_published(world, csv_file(PUBLISHABLE, good), onError="rollback")
    assert (done["status"], counts(done)) == ("COMPLETED", (3, 1, 0, 0))
    assert all(product_with(world, sku)["status"] == "PUBLISHED" for sku in skus)
    assert versions(world, product) == [(2, "PUBLISHED"), (1, "SUPERSEDED")]


def test_without_publish_nothing_is_published(world: World) -> None:
    sku = new_sku()
    job = run(world, csv_file(PUBLISHABLE, [publishable(sku)]))
    assert job["publish"] is False
    assert product_with(world, sku)["status"] == "DRAFT"


def test_publishing_imports_need_the_imports_scope(world: World) -> None:
    """`imports:write` guards bulk jobs of every kind, those that publish too."""
    content = csv_file(PUBLISHABLE, [publishable(new_sku())])
    headers = {"Content-Type": "text/csv"}
    where = f"{IMPORTS}?publish=true"
    refused = world.api.post(where, bearer=world.token("products:write"), content=content, headers=headers)
    refused.expect(403, "insufficient_scope")
    taken = world.api.post(where, bearer=world.token("imports:write"), content=content, headers=headers).expect(202)
    assert counts(ended(world, taken.data())) == (1, 0, 0, 0)


def test_the_audit_trail_marks_publishing_imports(world: World) -> None:
    job = import_published(world, csv_file(PUBLISHABLE, [publishable(new_sku())]))
    listed = world.api.get("/account/audit-events?limit=50", bearer=world.owner.access).expect(200).json()["data"]
    begun = next(one for one in listed if one["action"] == "import.started" and one["target"] == job["id"])
    assert begun["details"]["publish"] is True
