"""No table of the product calculates anything in a spreadsheet, whatever separator the spreadsheet splits it at."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from console.browser import Visitor
from console.conftest import NewVisitor
from console.test_captures import finished
from epcis.captured import event
from epcis.documents import document
from harness.clients import make_client
from harness.people import sign_in
from harness.world import World
from imports.files import failed_file, new_sku, run
from linkxg.http.csv_injection import guarded, unguarded
from linkxg.http.csv_table import format_rows
from linkxg_client.command import csv_injection as client_side
from network.recalling import NOTICES, RECALLS, forget_gln, shipped
from traceability.chain import made
from traceability.test_routes import EVENTS, GRAPH, IMPACT, capture, new_lots

SOURCE = Path(__file__).parents[2] / "src" / "linkxg"
WORST = (
    "=1+1", " =1+1", "x;=1+1", "x;;  @SUM(A1)", "x\t+1+1", "x|-1+1", 'x;"=1+1"', 'x","=1+1', 'x"\t"=1+1', "x\r\n=1+1",
    "x\n\n @SUM(A1)", "x\r＝1+1", "x\u2028=1", "x;'=1", "'=1", "x; \t''-1", '";=1', "x,＠SUM(A1)",
)  # fmt: skip
ONE_LINE = tuple(cell for cell in WORST if not re.search(r"[\t\r\n\u2028]", cell))
# A reader that knows no quotation marks: the worst there is.
_ENDS = re.compile(r"[,;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


def formulas(table: str) -> list[str]:
    """What a spreadsheet may calculate, at whichever separator it splits."""
    cells = (cell.strip(' "\u00a0\ufeff') for cell in _ENDS.split(table))
    return [cell for cell in cells if cell.startswith(tuple("=+-@＝＋－＠"))]


@pytest.mark.parametrize("separator", list(",;\t|"))
def test_rule_295_no_reading_of_a_table_has_a_formula(separator: str) -> None:
    rows = [*itertools.permutations(WORST, 2), *((cell,) for cell in WORST)]
    assert formulas(format_rows(rows, separator)) == []


def test_the_guard_is_removed_again_and_costs_what_the_cell_bounds() -> None:
    for length in range(6):
        for found in itertools.product("';=\t\n\" -a", repeat=length):
            cell = "".join(found)
            assert unguarded(guarded(cell)) == cell
            assert client_side.guarded(cell) == guarded(cell), "the client has the same guard"
    # Not quadratic: a megabyte of separators would otherwise take hours.
    for part in (";", '\t "', "'", ";'", ";=", " "):
        guarded(part * 300_000)


def test_tables_are_written_in_one_place() -> None:
    """A new table must have its cells guarded, and be read in this file."""
    texts = {path.relative_to(SOURCE).as_posix(): path.read_text() for path in SOURCE.rglob("*.py")}
    assert {name for name, text in texts.items() if re.search(r"csv\.(?:Dict)?[wW]riter", text)} == {
        "http/csv_table.py"
    }
    assert {name for name, text in texts.items() if re.search(r"\b(?:format_rows|write_table)\(", text)} == {
        "http/csv_table.py",
        "catalog/product_imports/rejected_rows.py",
        "catalog/product_imports/template.py",
        "console/audit_log.py",
        "console/captures.py",
        "network/recalls/csv_table.py",
        "network/traceability/csv_tables.py",
    }


def test_traces_calculate_nothing(world: World, editor: Visitor) -> None:
    one, other = new_lots(2)
    events = [
        made([one], [other], id=cell, step=cell, disposition=cell, read_point=cell, at=number)
        for number, cell in enumerate(WORST)
    ]
    capture(world, world.account.account_id, *events)
    item = quote(one.uri, safe="")
    tables = [
        world.api.get(f"{path}?item={item}", bearer=world.owner.access, headers=[("Accept", "text/csv")])
        .expect(200)
        .body.decode()
        for path in (GRAPH, EVENTS, IMPACT)
    ]
    page = editor.get(f"/traceability/graph.csv?q={item}")
    assert page.status_code == 200
    for table in (*tables, page.text):
        assert formulas(table) == []
    assert "x;'=1+1" in tables[0], "the cells are there"


def test_recalls_calculate_nothing(world: World, editor: Visitor) -> None:
    for note in ("a;=1+1", 'a\n=1+1;"@SUM(A1)"'):
        item = shipped(world)
        body = {"items": [item.uri], "reason": "x;=1+1"}
        made_recall = world.api.post(RECALLS, bearer=world.owner.access, json=body).expect(201).data()
        forget_gln(world, world.other_owner)
        notice = world.api.get(f"{NOTICES}?limit=1", bearer=world.other_owner.access).expect(200).object()["data"][0]
        path = f"{NOTICES}/{notice['id']}/acknowledge"
        world.api.post(path, bearer=world.other_owner.access, json={"note": note}).expect(200)
        at_api = world.api.get(
            f"{RECALLS}/{made_recall['id']}", bearer=world.owner.access, headers=[("Accept", "text/csv")]
        )
        for table in (at_api.expect(200).body.decode(), editor.get(f"{RECALLS}/{made_recall['id']}/recall.csv").text):
            assert "a;'=1+1" in table or "a\n'=1+1;" in table
            assert formulas(table) == []


def test_the_audit_trail_calculates_nothing(world: World, new_visitor: NewVisitor) -> None:
    person = world.server.bootstrap("Semicolons Ltd", another=True).owner
    session = sign_in(world.api, person)
    for cell in ONE_LINE:
        make_client(world.api, session, "products:read", client_name=cell)
    table = new_visitor(person).get("/account/audit.csv").text
    assert "x;'=1+1" in table
    assert formulas(table) == []


def test_the_faults_of_a_capture_calculate_nothing(world: World, editor: Visitor) -> None:
    wrong = [event(eventID=f"urn:x:{cell}", bizStep=cell, disposition=cell) for cell in WORST]
    page = finished(world, editor, document(wrong), onError="proceed")
    table = editor.get(f"{page.request.url.path}/faults").text
    assert "x;'=1+1" in table
    assert formulas(table) == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rejected_rows_calculate_nothing_and_come_back_unchanged(world: World, separator: str) -> None:
    names = ["sku", "gtin", "name", "attributes.own;=1+1", 'attributes.own","=1+1']
    rows = [[f"{new_sku()};=1+1", "9", cell, cell, cell] for cell in ONE_LINE]
    job = run(world, write_unguarded(names, rows, separator))
    assert job["failed"] == len(rows)
    rejected = failed_file(world, job).decode()
    assert formulas(rejected) == []
    again = run(world, re.sub(rf"(?<={re.escape(separator)})9(?={re.escape(separator)})", "", rejected).encode())
    assert (again["created"], again["failed"]) == (len(rows), 0)
    for row in rows:
        query = f"/products?sku={quote(row[0], safe='')}"
        (product,) = world.api.get(query, bearer=world.owner.access).expect(200).object()["data"]
        found = world.api.get(f"/products/{product['id']}?version=draft", bearer=world.owner.access).expect(200).data()
        assert found["content"]["name"] == row[2]
        assert set(found["content"]["attributes"]) == {"own;=1+1", 'own","=1+1'}


def write_unguarded(names: list[str], rows: list[list[str]], separator: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([names, *rows])
    return text.getvalue().encode()
