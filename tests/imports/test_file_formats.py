"""Files as spreadsheets, shells and libraries send them: read as intended, or rejected with their kind."""

from __future__ import annotations

import gzip
import io
import zipfile
from functools import partial
from typing import NamedTuple

import pytest

from harness.world import World
from imports.files import (
    IMPORTS,
    by_sku,
    counts,
    failed_file,
    failures,
    in_pairs,
    new_sku,
    run,
    send,
)
from imports.resumable_uploads import start_upload, upload_part

BOM = b"\xef\xbb\xbf"


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "sku,name\nZ-1,Drill\n")
    return made.getvalue()


class Refusal(NamedTuple):
    """A file that is refused as a whole; the message names what it is and what to do."""

    content: bytes
    code: str
    says: tuple[str, ...]
    format: str = "csv"


REFUSALS = {
    "workbook": Refusal(zipped("[Content_Types].xml", "xl/workbook.xml"), "file_kind", (".xlsx", "CSV UTF-8")),
    "open document": Refusal(zipped("application/vnd.oasis.opendocument.spreadsheet"), "file_kind", (".ods",)),
    "zip": Refusal(zipped("products.csv"), "file_kind", ("ZIP", "gzip")),
    "zip as rows": Refusal(zipped("products.csv"), "file_kind", ("ZIP",), "ndjson"),
    "old workbook": Refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_kind", (".xls",)),
    "pdf": Refusal(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "file_kind", ("PDF",)),
    "html": Refusal(b"<!DOCTYPE html><html>", "file_kind", ("HTML",)),
    "gzip in gzip": Refusal(gzip.compress(gzip.compress(b"sku,name\na,b\n")), "file_kind", ("twice",)),
    "utf-16 without a mark": Refusal("sku,name\na,Bolt\n".encode("utf-16-le"), "encoding", ("UTF-16", "utf-16le")),
    "utf-32": Refusal("sku,name\na,Bolt\n".encode("utf-32"), "encoding", ("UTF-32",)),
    "json as csv": Refusal(b'[{"sku":"U-8","content":{"name":"Drill"}}]', "file_kind", ("JSON", "application/json")),
    "rows of json as csv": Refusal(b'{"sku":"U-8","content":{}}\n', "file_kind", ("application/x-ndjson",)),
    "curl -d": Refusal(b"sku,nameU-6,DrillU-7,Bit", "one_line", ("--data-binary",)),
    "curl -d of rows of json": Refusal(
        b'{"sku":"a","content":{}}{"sku":"b","content":{}}', "one_line", ("--data-binary",), "ndjson"
    ),
    "pretty json": Refusal(
        b'{\n  "sku": "U-9",\n  "content": {"name": "Drill"}\n}\n', "not_json", ("several lines",), "ndjson"
    ),
    "array as rows": Refusal(b'[{"sku":"a","content":{}}]', "not_json", ("application/json",), "ndjson"),
    "header alone": Refusal(b"sku,name\r\n", "no_rows", ("no rows",)),
    "header without its end": Refusal(b"sku,name", "no_rows", ("--data-binary",)),
    "header and blank rows": Refusal(b"sku,name\r\n,\r\n\r\n", "no_rows", ("no rows",)),
    "a first line of 1 MiB that ends within a character": Refusal(
        b"x" + "é".encode() * 700_000, "unknown_column", ("is unknown",)
    ),
}


@pytest.mark.any_engine
@pytest.mark.parametrize("name", REFUSALS)
def test_an_unsupported_file_is_rejected_with_its_kind(world: World, name: str) -> None:
    case = REFUSALS[name]
    answer = send(world, case.content, format=case.format).expect(422, "validation_failed")
    details = answer.json()["details"]
    messages = " ".join(one["message"] for one in details)
    assert case.code in {one["code"] for one in details}, details
    assert all(text in messages for text in case.says), messages


@pytest.mark.any_engine
def test_a_resumable_upload_of_an_unsupported_file_is_rejected(world: World) -> None:
    for name in ("workbook", "header alone", "a first line of 1 MiB that ends within a character"):
        content = REFUSALS[name].content
        job = start_upload(world, len(content)).expect(202).data()
        upload_part(world, job, 0, content).expect(422, "validation_failed")


class Good(NamedTuple):
    """A file whose rows are all taken; `{}` stands for the beginning of SKUs that nobody has."""

    content: str
    names: dict[str, str]
    """End of the SKU → name of the product."""
    codec: str = "utf-8"
    declared: str = ""


GOOD = {
    "blank rows, nameless columns, short rows and ctrl-z": Good(
        "\r\n,\r\nsku,name,brand,,\r\n{}1,Drill,,,\r\n,\r\n , \r\n{}2,Bit\r\n{}3,Saw,,,\r\n,\r\n\x1a",
        {"1": "Drill", "2": "Bit", "3": "Saw"},
    ),
    "two marks, and ctrl-z in the last row": Good("\ufeff\ufeffsku,name\r\n{}1,Drill\x1a\x1a", {"1": "Drill"}),
    "utf-16 with a mark": Good("\ufeffsku\tname\r\n{}1\tBöhrer\r\n", {"1": "Böhrer"}, "utf-16-le"),
    "utf-16 the other way": Good("\ufeffsku\tname\r\n{}1\tBöhrer\r\n", {"1": "Böhrer"}, "utf-16-be"),
    "windows-1252": Good("sku;name\r\n{}1;Größe – XL\r\n", {"1": "Größe – XL"}, "cp1252", "windows-1252"),
    "a mark decides": Good("\ufeffsku;name\r\n{}1;Größe\r\n", {"1": "Größe"}, "utf-8", '"ISO-8859-1"'),
    "sep line": Good("sep=;\r\nsku;name\r\n{}1;Drill, large\r\n", {"1": "Drill, large"}),
    "separator of known columns": Good("sku;attributes.Tiefe, mm;name\r\n{}1;3;Drill\r\n", {"1": "Drill"}),
    "line ends of old Macs": Good("sku,name\r{}1,Drill\r{}2,Bit\r", {"1": "Drill", "2": "Bit"}),
}


@pytest.mark.any_engine
def test_files_of_spreadsheets_are_read_as_intended(world: World) -> None:
    def check(name: str, case: Good) -> None:
        start = new_sku() + "-"
        headers = {"Content-Type": f"text/csv; charset={case.declared}"} if case.declared else {}
        job = run(world, case.content.replace("{}", start).encode(case.codec), headers=headers)
        context = (name, job, failures(world, job))
        assert (job["status"], counts(job)) == ("COMPLETED", (len(case.names), 0, 0, 0)), context
        for end, product in case.names.items():
            made = by_sku(world, start + end)
            assert made is not None, context
            assert made["content"]["name"] == product, context

    in_pairs(partial(check, name, case) for name, case in GOOD.items())


@pytest.mark.any_engine
def test_an_unsupported_charset_is_rejected_by_name(world: World) -> None:
    for kind in ("text/csv; charset=utf-7", "text/csv; charset=x-user-defined", "text/csv; header=absent"):
        answer = send(world, b"sku,name\na,b\n", headers={"Content-Type": kind})
        answer.expect(415, "unsupported_media_type")
        assert kind.partition("=")[2] in answer.json()["error_description"]
    start_upload(world, 9, headers={"Content-Type": "text/csv; charset=windows-1252"}).expect(
        415, "unsupported_media_type"
    )


@pytest.mark.any_engine
def test_carriage_return_line_endings_are_accepted_at_any_size(world: World) -> None:
    start = new_sku()[:20]
    rows = "\r".join(f"{start}{number:06},{'x' * 90}" for number in range(11_000))
    lines = "\r".join(f'{{"sku":"{start}{number:06}","content":{{"name":"{"x" * 90}"}}}}' for number in range(9_000))
    table, objects = in_pairs([
        partial(run, world, f"sku,name\r{rows}\r".encode(), dryRun="true"),
        partial(run, world, lines.encode(), format="ndjson", dryRun="true"),
    ])  # fmt: skip
    assert (counts(table), counts(objects)) == ((11_000, 0, 0, 0), (9_000, 0, 0, 0))


ROW_FAULTS = {
    '"=""00123""",,Drill,,,': "spreadsheet_artifact",
    "1.23457E+12,,Bit,,,": "spreadsheet_artifact",
    "{}2,4.00638E+12,Bit,,,": "spreadsheet_artifact",
    "{}3,,#N/A,#REF!,,": "spreadsheet_artifact",
    "{}4,,Drill,,#WERT!,": "spreadsheet_artifact",
    "sku,gtin,name,brand,attributes.batch,": "repeated_header",
    "{}5,,Drill,,,text without a column": "cells",
    "{}6,,Drill,,,,,more": "cells",
    "{}7,,Drill,,3E400,": "not_a_value",
    "{}8,,Drill,,1e999,": "not_a_value",
    "{}9,,Drill,,1e-400,": "not_a_value",
    '{}10,,Drill,,"[1,-1e400]",': "not_a_value",
}


@pytest.mark.any_engine
def test_a_spreadsheet_error_value_fails_its_row(world: World) -> None:
    start = new_sku() + "-"
    header = "sku,gtin,name,brand,attributes.batch,\r\n"
    cells = {"A": "Drill #5,,TRUE,", "B": "Tan,,true,", "C": "Saw,,FALSE,,", "D": 'Nut,,"""3E400""",'}
    good = "".join(f"{start}{end},,{rest}\r\n" for end, rest in cells.items())
    rows = [row.replace("{}", start) for row in ROW_FAULTS]
    job = run(world, (header + good + "\r\n".join(rows)).encode())
    found = {one["row"] - 4: one["code"] for one in failures(world, job)}
    assert found == dict(enumerate(ROW_FAULTS.values(), 1))
    assert counts(job) == (4, 0, 0, len(ROW_FAULTS))
    batches = {}
    for end in cells:
        made = by_sku(world, start + end)
        assert made is not None
        batches[end] = made["content"]["attributes"]["batch"]
    assert batches == {"A": True, "B": True, "C": False, "D": "3E400"}
    # Too many cells stay beyond every column, so the others stay in place.
    lines = failed_file(world, job).decode("utf-8-sig").splitlines()
    assert lines[0] == "sku,gtin,name,brand,attributes.batch,errorCode,errorMessage"
    assert next(line for line in lines if f"{start}6" in line).endswith(",more")


NUMBERS = ("1e400", "-1e400", "1e-400", "[1E999]", '{"a":1e400}', "1" + "0" * 399)


@pytest.mark.any_engine
def test_a_number_that_a_double_cannot_hold_fails_its_row_alone(world: World) -> None:
    """It was stored as null; then publishing was a 500, and such a row ended the import's process."""
    start = new_sku()
    rows = [f'{{"sku":"{start}-0","content":{{"name":"Drill","attributes":{{"n":0e-400,"m":1e-300}}}}}}']
    rows += [
        f'{{"sku":"{start}-{place}","content":{{"name":"Drill","attributes":{{"n":{number}}}}}}}'
        for place, number in enumerate(NUMBERS, 1)
    ]
    measure = '{"netWeight":{"value":1e400,"unit":"KGM"}}'
    weight = f'{{"sku":"{start}-w","content":{{"name":"Drill","dimensions":{measure}}}}}'
    lines = "\n".join([*rows, weight]).encode()
    modes: list[dict[str, str]] = [{}, {"onError": "rollback"}, {"dryRun": "true"}]
    for job in in_pairs(partial(run, world, lines, format="ndjson", **options) for options in modes):
        assert job["failed"] == len(NUMBERS) + 1
        faults = failures(world, job)
        assert [one["row"] for one in faults] == list(range(2, len(NUMBERS) + 3))
        assert {one["code"] for one in faults} <= {"out_of_range", "invalid"}
    # What is a line end to Python alone is none here.
    separated = f'{{"sku":"{start}-0","content":{{"description":"a\u2028b\x85c"}}}}\n'
    array = ("[" + ",".join([*rows, weight]) + "]").encode()
    described, whole = in_pairs([
        partial(run, world, separated.encode(), format="ndjson"),
        partial(run, world, array, format="json", dryRun="true"),
    ])  # fmt: skip
    assert (counts(described), counts(whole)) == ((0, 1, 0, 0), (0, 0, 1, len(NUMBERS) + 1))
    for number in ("1e400", "1e-400"):
        body = f'{{"sku":"{new_sku()}","content":{{"name":"Drill","attributes":{{"n":{number}}}}}}}'.encode()
        answer = world.api.post(
            "/products", bearer=world.owner.access, content=body, headers={"Content-Type": "application/json"}
        )
        assert "out of range" in answer.expect(400, "invalid_request").json()["error_description"]


@pytest.mark.any_engine
def test_a_row_that_is_nested_too_deeply_fails_alone(world: World) -> None:
    deep = '{"a":' * 600 + "1" + "}" * 600
    lines = [f'{{"sku":"{new_sku()}","content":{{"name":"Drill","attributes":{{"n":{n}}}}}}}' for n in (deep, "1")]
    job = run(world, "\n".join(lines).encode(), format="ndjson", publish="true")
    assert job["status"] == "COMPLETED_WITH_ERRORS"
    assert {one["row"] for one in failures(world, job)} == {1, 2}


@pytest.mark.any_engine
def test_with_semicolon_separators_a_decimal_comma_is_accepted(world: World) -> None:
    start = new_sku() + "-"
    rows = [("1", "1,4", "2,50"), ("2", "1.4", "10"), ("3", "1.234,5", "x"), ("4", "1,2,3", "x"), ("5", "1,234", "")]
    header = "sku;name;dimensions.netWeight.value;dimensions.netWeight.unit;attributes.depth\r\n"
    text = header + "".join(f"{start}{end};Drill;{weight};KGM;{depth}\r\n" for end, weight, depth in rows)
    # With commas as separators a comma is none.
    with_commas = f'sku,name,attributes.depth\n{start}6,Drill,"1,4"\n'.encode()
    job, other = in_pairs(partial(run, world, content) for content in (text.encode(), with_commas))
    assert [(one["row"], one["code"]) for one in failures(world, job)] == [(3, "not_a_value"), (4, "not_a_value")]
    assert "thousands" in failures(world, job)[0]["message"]
    found = {}
    for end in "125":
        made = by_sku(world, start + end)
        assert made is not None
        content = made["content"]
        found[end] = (content["dimensions"]["netWeight"]["value"], content.get("attributes", {}).get("depth"))
    assert found == {"1": (1.4, 2.5), "2": (1.4, 10), "5": (1.234, None)}
    made = by_sku(world, start + "6")
    assert (counts(other), made and made["content"]["attributes"]["depth"]) == ((1, 0, 0, 0), "1,4")


@pytest.mark.any_engine
def test_failed_rows_come_back_with_the_separator_that_was_sent(world: World) -> None:
    sku = new_sku()
    rows = [f'{sku};Größe, "L";;XX', new_sku(), f"{new_sku()};Drill;under no name;DE"]
    job = run(world, "\r\n".join(["sku;name;;countryOfProduction", *rows]).encode())
    assert {one["row"]: one["code"] for one in failures(world, job)}[3] == "unnamed_column"
    returned = failed_file(world, job)
    assert returned.startswith(BOM)
    lines = returned.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "sku;name;;countryOfProduction;errorCode;errorMessage"
    assert lines[1].startswith(f'{sku};"Größe, ""L""";;XX;invalid;')
    assert lines[2].split(";")[4] == "missing"
    mended = returned.replace(b";XX;", b";DE;")
    assert counts(run(world, mended)) == (1, 0, 0, 2)
    template = world.api.get(f"{IMPORTS}/template", bearer=world.owner.access).expect(200).body
    assert template.startswith(BOM + b"sku,")


INVISIBLE = ("\u00ad", "\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u200b", "\u2060", "\u2800", "\u3164",
             "\ufe0f", "\ufeff", "\uffa0", "\U0001d173", "\U000e0041", "\U000e0100")  # fmt: skip


def test_skus_equal_in_nfc_are_one_product(world: World) -> None:
    start = new_sku()[:30]
    composed, decomposed = f"{start}-\u00e4", f"{start}-a\u0308"
    made = world.api.post(
        "/products", bearer=world.owner.access, json={"sku": decomposed, "content": {"name": "c"}}
    ).expect(201).data()  # fmt: skip
    assert made["sku"] == composed
    for sku in (composed, decomposed):
        world.api.post(
            "/products", bearer=world.owner.access, json={"sku": sku, "content": {"name": "d"}}
        ).expect(409, "duplicate_sku")  # fmt: skip
        found = by_sku(world, sku)
        assert found is not None
        assert found["id"] == made["id"]
    rows = [f"{start},a", *(f"{start}{mark},b" for mark in INVISIBLE), f"{composed},e", f"{decomposed},f"]
    job = run(world, ("sku,name\n" + "\n".join(rows)).encode())
    faults = failures(world, job)
    assert counts(job) == (1, 1, 0, len(INVISIBLE) + 1), faults
    assert {one["field"] for one in faults[:-1]} == {"sku"}
    assert (faults[-1]["row"], faults[-1]["code"]) == (len(rows), "duplicate_key_in_file")
    for mark in INVISIBLE:
        body = {"sku": start + mark, "content": {"name": "b"}}
        world.api.post("/products", bearer=world.owner.access, json=body).expect(422, "validation_failed")
