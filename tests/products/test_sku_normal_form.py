"""Products whose SKU was stored before SKUs were normalized to NFC stay readable, and stay one product."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

import pytest

from harness.rows import execute
from harness.world import World
from imports.files import counts, csv_file, run


@pytest.mark.parametrize("by_import", [True, False])
def test_a_sku_stored_in_another_form_is_found_and_brought_to_nfc(world: World, by_import: bool) -> None:
    if world.server.workers > 1:
        pytest.skip("one server's rows are changed behind its back")
    start, bearer = f"Old-{uuid4()}", world.owner.access
    composed, decomposed = f"{start}-\u00e4", f"{start}-a\u0308"
    made = (
        world.api.post("/products", bearer=bearer, json={"sku": composed, "content": {"name": "Drill"}})
        .expect(201)
        .data()
    )
    execute(world.server.database, f"update products set sku = '{decomposed}' where id = '{made['id']}' returning id")
    read = f"/products/{made['id']}"
    assert world.api.get(read, bearer=bearer).expect(200).data()["sku"] == decomposed
    for sku in (composed, decomposed):
        found = world.api.get(f"/products/by-sku/{quote(sku)}", bearer=bearer).expect(200).data()
        listed = world.api.get(f"/products?sku={quote(sku)}", bearer=bearer).expect(200).data()
        assert [found["id"], *(one["id"] for one in listed)] == [made["id"]] * 2
        again = world.api.post("/products", bearer=bearer, json={"sku": sku, "content": {"name": "Drill"}})
        again.expect(409, "duplicate_sku")
    if by_import:
        job = run(world, csv_file(("sku", "name"), [[composed, "Drill"]]))
        assert counts(job) == (0, 1, 0, 0)
    else:
        etag = world.api.get(read, bearer=bearer).expect(200).header("etag") or ""
        world.api.patch(
            read, bearer=bearer, content=b'{"sku": "' + decomposed.encode() + b'"}',
            headers={"Content-Type": "application/merge-patch+json", "If-Match": etag},
        ).expect(200)  # fmt: skip
    assert world.api.get(read, bearer=bearer).expect(200).data()["sku"] == composed
