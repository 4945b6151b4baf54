"""Product imports, from the upload to the products."""

from __future__ import annotations

import gzip
import json

import pytest

from harness.world import World
from imports.files import (
    IMPORTS,
    by_sku,
    counts,
    csv_file,
    ended,
    failed_file,
    failures,
    ndjson_file,
    new_gtin,
    new_sku,
    product_id,
    results,
    run,
    send,
)

COLUMNS = ("sku", "gtin", "name", "brand", "category.code", "dimensions.netWeight.value", "dimensions.netWeight.unit",
           "materials", "attributes.voltage")  # fmt: skip


def row(sku: str, name: str = "Hex bolt", **cells: str) -> list[str]:
    given = {"sku": sku, "name": name} | cells
    return [given.get(column, "") for column in COLUMNS]


def full_row(sku: str) -> list[str]:
    return [sku, new_gtin(), "Drill", "Acme", "10003743", "1.4", "KGM", '[{"name": "Steel"}]', "18"]


def test_a_csv_file_becomes_products(world: World) -> None:
    first, second = new_sku(), new_sku()
    given = full_row(first)
    job = run(world, csv_file(COLUMNS, [given, row(second)]))
    assert (job["status"], counts(job)) == ("COMPLETED", (2, 0, 0, 0))
    made = by_sku(world, first)
    assert made is not None
    assert made["gtin"] == given[1].rjust(14, "0")
    assert made["content"] == {
        "name": "Drill",
        "brand": "Acme",
        "category": {"code": "10003743"},
        "dimensions": {"netWeight": {"value": 1.4, "unit": "KGM"}},
        "materials": [{"name": "Steel"}],
        "attributes": {"voltage": 18},
    }
    assert by_sku(world, second) is not None


def test_the_same_file_again_changes_nothing(world: World) -> None:
    sku = new_sku()
    content = csv_file(COLUMNS, [full_row(sku)])
    run(world, content)
    before = by_sku(world, sku)
    job = run(world, content)
    assert (job["status"], counts(job)) == ("COMPLETED", (0, 0, 1, 0))
    assert by_sku(world, sku) == before


def test_empty_cells_keep_or_clear_the_value(world: World) -> None:
    sku = new_sku()
    run(world, csv_file(COLUMNS, [full_row(sku)]))
    job = run(world, csv_file(COLUMNS, [row(sku, "Drill 2")]))
    assert counts(job) == (0, 1, 0, 0)
    changed = by_sku(world, sku)
    assert changed is not None
    assert (changed["content"]["name"], changed["content"]["brand"]) == ("Drill 2", "Acme")
    run(world, csv_file(COLUMNS, [row(sku, "Drill 2")]), emptyAs="null")
    cleared = by_sku(world, sku)
    assert cleared is not None
    assert cleared["content"] == {"name": "Drill 2", "dimensions": {}, "attributes": {}}
    assert cleared["gtin"] is None


@pytest.mark.parametrize("format", ["ndjson", "json"])
@pytest.mark.parametrize("packed", [False, True])
def test_json_gzip_and_bom_are_accepted(world: World, format: str, packed: bool) -> None:
    skus = [new_sku() for _ in range(3)]
    rows = [{"sku": sku, "gtin": new_gtin(), "content": {"name": "Bolt ä", "attributes": {"a": [1, {"b": None}]}}}
            for sku in skus]  # fmt: skip
    content = ndjson_file(rows) if format == "ndjson" else json.dumps(rows, indent=2).encode()
    content = b"\xef\xbb\xbf" + content
    job = run(world, gzip.compress(content) if packed else content, format=format,
              headers={"Content-Encoding": "gzip"} if packed else {})  # fmt: skip
    assert (job["status"], counts(job), job["bytesTotal"]) == ("COMPLETED", (3, 0, 0, 0), len(content))
    made = by_sku(world, skus[2])
    assert made is not None
    assert made["content"]["name"] == "Bolt ä"


def test_semicolons_quotes_and_line_endings_are_accepted(world: World) -> None:
    sku = new_sku()
    content = f'sku;name;description\r\n{sku};"Bolt; ""hex""";"two\r\nlines"\r\n'.encode()
    assert counts(run(world, content)) == (1, 0, 0, 0)
    made = by_sku(world, sku)
    assert made is not None
    assert made["content"] == {"name": 'Bolt; "hex"', "description": "two\r\nlines"}


def test_mode_and_key_select_the_matched_products(world: World) -> None:
    sku, gtin = new_sku(), new_gtin()
    columns = ("sku", "gtin", "name")
    refused = run(world, csv_file(columns, [[sku, gtin, "Bolt"]]), mode="update")
    assert (refused["status"], counts(refused)) == ("COMPLETED_WITH_ERRORS", (0, 0, 0, 1))
    assert failures(world, refused)[0]["code"] == "not_found"
    assert counts(run(world, csv_file(columns, [[sku, gtin, "Bolt"]]), mode="create")) == (1, 0, 0, 0)
    again = run(world, csv_file(columns, [[sku, gtin, "Bolt"]]), mode="create")
    assert failures(world, again)[0]["code"] == "duplicate_sku"
    # The GTIN finds it, however it is padded, and its SKU may change.
    other = new_sku()
    moved = run(world, csv_file(columns, [[other, gtin.rjust(14, "0"), "Bolt"]]), key="gtin", mode="update")
    assert counts(moved) == (0, 1, 0, 0)
    assert by_sku(world, sku) is None
    assert by_sku(world, other) is not None


def test_a_dry_run_counts_and_writes_nothing(world: World) -> None:
    taken, first, second = new_sku(), new_sku(), new_sku()
    gtin = new_gtin()
    columns = ("sku", "gtin", "name")
    run(world, csv_file(columns, [[taken, "", "Bolt"]]))
    content = csv_file(columns, [[taken, "", "Nut"], [first, gtin, "Bolt"], [second, gtin, "Bolt"], ["", "", "Bolt"]])
    job = run(world, content, dryRun="true")
    assert (job["status"], counts(job)) == ("COMPLETED_WITH_ERRORS", (1, 1, 0, 2))
    assert {one["code"]: one["value"] for one in failures(world, job)} == {"duplicate_gtin": gtin, "missing": ""}
    assert by_sku(world, first) is None
    unchanged = by_sku(world, taken)
    assert unchanged is not None
    assert unchanged["content"]["name"] == "Bolt"


def test_a_failed_row_rolls_the_import_back_on_request(world: World) -> None:
    skus = [new_sku() for _ in range(3)]
    columns = ("sku", "gtin", "name")
    good = [[sku, new_gtin(), "Bolt"] for sku in skus]
    refused = run(world, csv_file(columns, [*good, [new_sku(), "4006381333932", "Bolt"]]), onError="rollback")
    assert (refused["status"], refused["failed"], refused["error"]["code"]) == ("FAILED", 1, "rolled_back")
    assert all(by_sku(world, sku) is None for sku in skus)
    done = run(world, csv_file(columns, good), onError="rollback")
    assert (done["status"], counts(done)) == ("COMPLETED", (3, 0, 0, 0))
    assert {one["id"] for one in results(world, done)} == {product_id(world, sku) for sku in skus}


def test_an_import_that_is_rolled_back_names_no_product_that_is_not_stored(world: World) -> None:
    stored, new = new_sku(), new_sku()
    columns, before = ("sku", "name"), [[stored, "Bolt"]]
    run(world, csv_file(columns, before))
    same = [new_sku(), "Nut"]
    run(world, csv_file(columns, [same]))
    content = csv_file(columns, [[new, "Bolt"], [stored, "Bolt M8"], same, ["", "Nut"]])
    tried = run(world, content, dryRun="true")
    assert counts(tried) == (1, 1, 1, 1)
    assert [(one["status"], one["id"]) for one in results(world, tried)] == [
        ("CREATED", None),
        ("UPDATED", product_id(world, stored)),
        ("UNCHANGED", product_id(world, same[0])),
        ("FAILED", None),
    ]
    refused = run(world, content, onError="rollback")
    assert (refused["status"], counts(refused)) == ("FAILED", (0, 0, 1, 1))
    unwritten = {"status": "NOT_WRITTEN", "id": None, "version": None}
    assert results(world, refused) == [
        {"row": 1, **unwritten},
        {"row": 2, **unwritten},
        {"row": 3, "status": "UNCHANGED", "id": product_id(world, same[0]), "version": 1},
        {"row": 4, "status": "FAILED", "id": None, "version": None},
    ]
    events = world.api.get("/account/audit-events?action=import.finished&limit=1", bearer=world.owner.access)
    [event] = events.expect(200).json()["data"]
    assert (event["target"], event["details"]["created"], event["details"]["updated"]) == (refused["id"], 0, 0)


def test_failed_rows_are_downloaded_corrected_and_imported(world: World) -> None:
    good, bad, formula = new_sku(), new_sku(), new_sku()
    columns = ("sku", "gtin", "name", "brand")
    content = csv_file(columns, [[good, "", "Bolt", ""], [bad, "123", "Bolt", "=1+1"], [formula, "9", "'@x", "-5"]])
    job = run(world, content)
    assert counts(job) == (1, 0, 0, 2)
    returned = failed_file(world, job).decode()
    lines = returned.splitlines()
    assert lines[0] == "\ufeffsku,gtin,name,brand,errorCode,errorMessage"
    # Rule of exports: no cell begins as a formula does.
    assert f"{bad},123,Bolt,'=1+1,invalid" in lines[1]
    assert f"{formula},9,''@x,'-5,invalid" in lines[2]
    mended = returned.replace(f"{bad},123", f"{bad},{new_gtin()}").replace(f"{formula},9", f"{formula},{new_gtin()}")
    again = run(world, mended.encode())
    assert (again["status"], counts(again)) == ("COMPLETED", (2, 0, 0, 0))
    first, second = by_sku(world, bad), by_sku(world, formula)
    assert first is not None
    assert second is not None
    assert (first["content"]["brand"], second["content"]) == ("=1+1", {"name": "'@x", "brand": "-5"})


def test_failed_json_rows_are_downloaded(world: World) -> None:
    sku = new_sku()
    content = ndjson_file([{"sku": sku, "gtin": "123", "content": {"name": "Bolt"}}]) + b"[1]\n{broken\n"
    job = run(world, content, format="ndjson")
    assert counts(job) == (0, 0, 0, 3)
    rows = [json.loads(line) for line in failed_file(world, job, "application/x-ndjson").splitlines()]
    assert (rows[0]["sku"], rows[0]["errorCode"], rows[2]["value"]) == (sku, "invalid", "{broken")
    mended = {**rows[0], "gtin": new_gtin()}
    assert counts(run(world, ndjson_file([mended]), format="ndjson")) == (1, 0, 0, 0)


def test_a_retry_imports_only_the_failed_rows(world: World) -> None:
    holder, waiting, other = new_sku(), new_sku(), new_sku()
    gtin = new_gtin()
    columns = ("sku", "gtin", "name")
    run(world, csv_file(columns, [[holder, gtin, "Bolt"]]))
    job = run(world, csv_file(columns, [[other, "", "Nut"], [waiting, gtin, "Bolt"]]), mode="create")
    assert counts(job) == (1, 0, 0, 1)
    run(world, csv_file(columns, [[holder, new_gtin(), "Bolt"]]))
    answer = world.api.post(f"{IMPORTS}/{job['id']}/retry", bearer=world.owner.access).expect(202)
    again = answer.data()
    assert answer.header("location") == again["links"]["self"]
    assert counts(ended(world, again)) == (1, 0, 0, 0)
    assert by_sku(world, waiting) is not None


def test_results_list_every_row(world: World) -> None:
    sku = new_sku()
    job = run(world, csv_file(("sku", "name"), [[sku, "Bolt"], ["", "Nut"]]))
    assert results(world, job) == [
        {"row": 1, "status": "CREATED", "id": product_id(world, sku), "version": 1},
        {"row": 2, "status": "FAILED", "id": None, "version": None},
    ]


@pytest.mark.parametrize("format", ["csv", "ndjson", "json"])
def test_the_template_can_be_imported(world: World, format: str) -> None:
    answer = world.api.get(f"{IMPORTS}/template?format={format}", bearer=world.owner.access).expect(200)
    job = run(world, answer.body, format=format, dryRun="true")
    assert (job["status"], job["failed"], job["rowsProcessed"]) == ("COMPLETED", 0, 2)


def test_a_file_in_a_form_is_imported(world: World) -> None:
    sku = new_sku()
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="dir/my.csv"\r\nContent-Type: text/csv\r\n\r\n'
        + csv_file(("sku", "name"), [[sku, "Bolt"]]) + b"\r\n--xyz--\r\n"
    )  # fmt: skip
    job = run(world, body, headers={"Content-Type": "multipart/form-data; boundary=xyz"})
    assert (job["fileName"], counts(job)) == ("my.csv", (1, 0, 0, 0))


def test_a_repeated_request_returns_the_same_import(world: World) -> None:
    content = csv_file(("sku", "name"), [[new_sku(), "Bolt"]])
    headers = {"Idempotency-Key": new_sku()}
    first = send(world, content, headers=headers).expect(202).data()
    again = send(world, content, headers=headers).expect(202)
    assert (again.data()["id"], again.header("idempotent-replayed")) == (first["id"], "true")
    send(world, content + b"x,y\n", headers=headers).expect(422, "idempotency_key_reused")


def test_retry_and_cancel_are_idempotent(world: World) -> None:
    job = run(world, csv_file(("sku", "name"), [[new_sku(), "Bolt"], ["", "x"]]))
    key = {"Idempotency-Key": new_sku()}
    retry, cancel = f"{IMPORTS}/{job['id']}/retry", f"{IMPORTS}/{job['id']}/cancel"
    first = world.api.post(retry, bearer=world.owner.access, headers=key).expect(202)
    again = world.api.post(retry, bearer=world.owner.access, headers=key).expect(202)
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    assert again.data()["id"] == first.data()["id"] != job["id"]
    assert again.header("location") == first.header("location")
    # Its key is another's: each address has keys of its own, and a refusal uses none up.
    world.api.post(cancel, bearer=world.owner.access, headers=key).expect(409, "invalid_state")
    other = send(world, csv_file(("sku", "name"), ([new_sku(), "Bolt"] for _ in range(3_000)))).expect(202).data()
    cancel = f"{IMPORTS}/{other['id']}/cancel"
    world.api.post(cancel, bearer=world.owner.access, headers=key).expect(202)
    ended(world, other)
    again = world.api.post(cancel, bearer=world.owner.access, headers=key).expect(202)
    assert (again.header("idempotent-replayed"), again.data()["status"]) == ("true", "CANCELLED")
    world.api.post(cancel, bearer=world.owner.access, headers={"Idempotency-Key": ""}).expect(400, "invalid_request")
