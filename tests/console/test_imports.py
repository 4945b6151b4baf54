"""A person imports a file and corrects its failed rows without script."""

from __future__ import annotations

import re

import httpx

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.world import World
from imports.files import PUBLISHABLE, by_sku, csv_file, ended, new_gtin, new_sku, publishable

COLUMNS = ("sku", "gtin", "name")


def send(visitor: Visitor, content: bytes, *, name: str = "products.csv", **values: str) -> httpx.Response:
    """Choose the file in the form and send it, as a browser does: the fields first."""
    page = visitor.get("/imports")
    fields = dict(visitor.fields(page, "/imports")) | {"mode": "upsert", "key": "sku", "onError": "proceed"} | values
    fields.pop("file", None)
    return visitor.http.post(
        "/imports",
        data=fields,
        files={"file": (name, content, "text/csv")},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )


def test_failed_rows_are_corrected_and_imported(world: World, owner: Visitor) -> None:
    good, bad = new_sku(), new_sku()
    sent = send(owner, csv_file(COLUMNS, [[good, "", "Bolt"], [bad, "123", "<b>Nut</b>"]]))
    assert sent.status_code == 303, sent.text
    address = sent.headers["location"]
    ended(world, {"id": address.rpartition("/")[2]})
    shown = owner.get(address)
    assert "completed, some rows failed" in text_of(shown)
    assert "A GTIN must have 8, 12, 13 or 14 digits" in text_of(shown)
    returned = owner.get(f"{address}/failed-rows")
    assert returned.headers["content-disposition"].startswith("attachment")
    mended = returned.text.replace(f"{bad},123", f"{bad},{new_gtin()}").encode()
    again = send(owner, mended, name="failed-rows.csv").headers["location"]
    assert ended(world, {"id": again.rpartition("/")[2]})["status"] == "COMPLETED"
    assert by_sku(world, bad) is not None
    assert "failed-rows.csv" in text_of(owner.get("/imports"))


def test_a_checkbox_publishes_the_imported_products(world: World, owner: Visitor) -> None:
    sku, bad = new_sku(), new_sku()
    rows = [publishable(sku), [bad, "", "Bolt", *[""] * 7]]
    address = send(owner, csv_file(PUBLISHABLE, rows), publish="true").headers["location"]
    ended(world, {"id": address.rpartition("/")[2]})
    checked = owner.get(address)
    assert "2 rows: 1 new, 0 changed , 0 unchanged, 1 rejected." in text_of(checked)
    assert by_sku(world, sku) is None, "it is checked first"
    first, second = (owner.fill(checked, f"{address}/apply").headers["location"] for _ in range(2))
    assert first == second, "pressed twice, it is one import"
    ended(world, {"id": first.rpartition("/")[2]})
    shown = text_of(owner.get(first))
    assert "publishes the products" in shown
    assert "The GTIN is missing; it identifies the product to everybody else." in shown
    made = by_sku(world, sku)
    assert made is not None
    assert (made["status"], by_sku(world, bad)) == ("PUBLISHED", None)
    # It stays chosen when the file is refused, and nobody chooses it for anybody.
    assert 'name="publish" value="true" checked' in send(owner, b"sku,nmae\nx,y\n", publish="true").text
    assert 'name="publish" value="true" checked' not in owner.get("/imports").text


def test_a_rejected_file_is_explained(world: World, owner: Visitor) -> None:
    answer = send(owner, b"sku,nmae\nx,y\n", mode="create")
    assert answer.status_code == 422
    assert "Did you mean name?" in text_of(answer)
    assert 'value="create" selected' in answer.text
    assert send(owner, b"").status_code == 422


def test_the_page_of_a_running_import_refreshes_itself(world: World, owner: Visitor) -> None:
    rows = [[new_sku(), "", f"Bolt {number}"] for number in range(20_000)]
    address = send(owner, csv_file(COLUMNS, rows)).headers["location"]
    page = owner.get(address)
    assert re.search(r'<noscript><meta http-equiv="refresh" content="3">', page.text)
    assert owner.fill(page, f"{address}/cancel").status_code == 303
    assert ended(world, {"id": address.rpartition("/")[2]})["status"] == "CANCELLED"
    assert "Resume the import" in text_of(owner.get(address))


def test_a_file_from_another_site_is_not_read(world: World, owner: Visitor) -> None:
    content = csv_file(COLUMNS, [[new_sku(), "", "Bolt"]])
    fields = {"csrf": owner.csrf()}
    file = {"file": ("a.csv", content, "text/csv")}
    cross = owner.http.post("/imports", data=fields, files=file, headers={"Sec-Fetch-Site": "cross-site"})
    forged = owner.http.post("/imports", data={"csrf": "0" * 64}, files=file, headers={"Sec-Fetch-Site": "same-origin"})
    assert (cross.status_code, forged.status_code) == (403, 403)


def test_imports_of_another_account_are_not_found(world: World, owner: Visitor, new_visitor: NewVisitor) -> None:
    address = send(owner, csv_file(COLUMNS, [[new_sku(), "", "Bolt"]])).headers["location"]
    stranger = new_visitor(world.other.owner)
    assert stranger.get(address).status_code == 404
    assert stranger.get(f"{address}/failed-rows").status_code == 404
    viewer = new_visitor(world.person("VIEWER"))
    assert viewer.get("/imports").status_code == 403


def test_a_rolled_back_file_is_imported_again_as_a_whole(world: World, owner: Visitor) -> None:
    """The page advised to send the failed rows alone, and the others were never imported."""
    bad = csv_file(COLUMNS, [[new_sku(), "", "Bolt"], [new_sku(), "123", "Nut"]])
    address = send(owner, bad, onError="rollback").headers["location"]
    ended(world, {"id": address.rpartition("/")[2]})
    shown = text_of(owner.get(address))
    assert "correct these in your own file and import the whole file again below" in shown
    assert "Mend them in that file" not in shown


def test_an_unreadable_file_is_replaced_and_not_resumed(world: World, owner: Visitor) -> None:
    address = send(owner, f'sku,name\n{new_sku()},Bolt\n{new_sku()},"Nut\n'.encode()).headers["location"]
    ended(world, {"id": address.rpartition("/")[2]})
    shown = text_of(owner.get(address))
    assert "Line 3: In the row that begins here, a quotation mark is misplaced or never closed" in shown
    assert "Resume the import" not in shown
    assert "Corrected file" in shown
